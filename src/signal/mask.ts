import { channelOf, channelsThatAre, mainThreadOnly, setBlocked } from './arrivals.ts';
import { type Signal, type SignalName, signalName } from './names.ts';

/** What `pthreadSigmask` does with the signals that it is given. */
export type MaskHow = 'SIG_BLOCK' | 'SIG_UNBLOCK' | 'SIG_SETMASK';
/** They are held back too. */
export const SIG_BLOCK: MaskHow = 'SIG_BLOCK';
/** They are held back no more. */
export const SIG_UNBLOCK: MaskHow = 'SIG_UNBLOCK';
/** They, and no others, are held back. */
export const SIG_SETMASK: MaskHow = 'SIG_SETMASK';

/**
 * Holds signals back from their handlers, or lets them come; gives what was blocked before. One that has come meanwhile comes
 * when it is let, once. SIGKILL and SIGSTOP are left out silently, as the system does.
 *
 * The signals are held back by this module, not by the system: children do not inherit it, and listeners of other code get
 * them all the same. Main thread only.
 */
export function pthreadSigmask(how: MaskHow, signals: Iterable<Signal>): Set<SignalName> {
  const what = 'pthreadSigmask()';
  mainThreadOnly(what);
  if (!['SIG_BLOCK', 'SIG_UNBLOCK', 'SIG_SETMASK'].includes(how))
    throw new RangeError(`how is SIG_BLOCK, SIG_UNBLOCK or SIG_SETMASK: got ${how as string}`);
  const before = channelsThatAre('blocked');
  const wanted = new Set([...signals].map(signalName));
  for (const unblockable of ['SIGKILL', 'SIGSTOP'] as const) wanted.delete(unblockable);
  const change = (names: Iterable<SignalName>, blocked: boolean): void => {
    // All are known to be possible before the first is changed.
    for (const channel of [...names].map((name) => channelOf(name, what))) setBlocked(channel, blocked);
  };
  if (how !== 'SIG_UNBLOCK') change(wanted, true);
  if (how === 'SIG_UNBLOCK')
    change(
      [...wanted].filter((name) => before.has(name)),
      false,
    );
  if (how === 'SIG_SETMASK')
    change(
      [...before].filter((name) => !wanted.has(name)),
      false,
    );
  return before;
}

/** The signals that are blocked and have come meanwhile. Main thread only. */
export function sigpending(): Set<SignalName> {
  mainThreadOnly('sigpending()');
  return channelsThatAre('pending');
}
