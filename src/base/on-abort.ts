interface Act {
  readonly now: () => void;
  readonly after: (() => void) | undefined;
}

interface Heard {
  readonly acts: Set<Act>;
  readonly abort: () => void;
}

const signals = new WeakMap<AbortSignal, Heard>();

/**
 * Calls `act` when the signal is aborted, and `after` when all that was to be called has been; what is given back takes that back. However many wait for one signal, it has one listener of ours:
 * Node takes more than ten for a leak, and says so.
 */
export function onAbort(signal: AbortSignal, act: () => void, after?: () => void): () => void {
  let heard = signals.get(signal);
  if (heard === undefined) {
    const acts = new Set<Act>();
    const abort = (): void => {
      const later: (() => void)[] = [];
      for (const each of acts) {
        if (!acts.delete(each)) continue;
        each.now();
        if (each.after !== undefined) later.push(each.after);
      }
      for (const each of later) each();
    };
    signals.set(signal, (heard = { acts, abort }));
  }
  const { acts, abort } = heard;
  // The same function may be given twice.
  const one = { now: act, after };
  if (acts.size === 0) signal.addEventListener('abort', abort, { once: true });
  acts.add(one);
  return () => {
    if (acts.delete(one) && acts.size === 0) signal.removeEventListener('abort', abort);
  };
}
