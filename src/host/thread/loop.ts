/**
 * Whether nothing goes on in the event loop of this carrier but its own timer: no timer, server or request that a thread has left behind
 * waits for its turn. Takes some microseconds.
 */
export function isLoopEmpty(): boolean {
  let timers = 0;
  for (const name of process.getActiveResourcesInfo()) {
    if (name === 'Timeout') timers++;
    else if (name !== 'MessagePort') return false;
  }
  return timers <= 1;
}

const runTicks = (process as { readonly _tickCallback?: () => void })._tickCallback;

/**
 * Runs the ticks and reactions of promises that are ready, which otherwise run when the event that is being handled has been. False where
 * Node has no way to do so. Throws what they throw.
 */
export function runReactions(): boolean {
  if (typeof runTicks !== 'function') return false;
  runTicks.call(process);
  return true;
}
