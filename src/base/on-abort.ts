interface Heard {
  readonly acts: Set<() => void>;
  readonly abort: () => void;
}

const signals = new WeakMap<AbortSignal, Heard>();

/**
 * Calls `act` when the signal is aborted; what is given back takes that back. However many wait for one signal, it has one listener of ours:
 * Node takes more than ten for a leak, and says so.
 */
export function onAbort(signal: AbortSignal, act: () => void): () => void {
  let heard = signals.get(signal);
  if (heard === undefined) {
    const acts = new Set<() => void>();
    const abort = (): void => {
      for (const each of acts) if (acts.delete(each)) each();
    };
    signals.set(signal, (heard = { acts, abort }));
  }
  const { acts, abort } = heard;
  // The same function may be given twice.
  const one = (): void => act();
  if (acts.size === 0) signal.addEventListener('abort', abort, { once: true });
  acts.add(one);
  return () => {
    if (acts.delete(one) && acts.size === 0) signal.removeEventListener('abort', abort);
  };
}
