import { atExit } from '../base/at-exit.ts';
import { monitor } from './debug-state.ts';
import type { Future } from './future.ts';
import { report } from './report.ts';

/*
 * A failure that nobody has looked at is reported once: when its future is collected, for then nobody can look any more, or when
 * the program ends.
 */
interface Failure {
  readonly what: string;
  readonly error: unknown;
  /** Where it was made; in debug mode only. */
  readonly origin: string;
}

const failures = new Set<Failure>();
let tokens = new WeakMap<Future, Failure>();
const registry = new FinalizationRegistry<Failure>(tell);
let isWatching = false;

function tell(failure: Failure): void {
  if (!failures.delete(failure)) return;
  const { what, error, origin } = failure;
  const where = origin === '' ? '' : `; it was made here:\n${origin}`;
  report({ message: `the failure of ${what} was never looked at${where}`, exception: error });
}

export function rememberFailure(future: Future): void {
  const failure = { what: future.what, error: future.outcome, origin: monitor.current?.originOf(future) ?? '' };
  failures.add(failure);
  tokens.set(future, failure);
  registry.register(future, failure, failure);
  if (isWatching) return;
  isWatching = true;
  atExit(() => {
    for (const left of failures) tell(left);
    tokens = new WeakMap();
  });
}

export function forgetFailure(future: Future): void {
  const failure = tokens.get(future);
  if (failure === undefined) return;
  tokens.delete(future);
  failures.delete(failure);
  registry.unregister(failure);
}
