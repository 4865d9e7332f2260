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
