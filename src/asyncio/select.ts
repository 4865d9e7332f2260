import { StateError } from '../base/errors.ts';
import type { Awaitable, ResultOf } from './coroutine.ts';
import { ensureFuture } from './ensure-future.ts';
import { DONE, type Future, type Observer, PENDING } from './future.ts';
import { wait } from './wait.ts';

/** Which one came first, and with what. */
export type Selected<A> = { [K in keyof A]: { readonly key: K; readonly value: ResultOf<A[K]> } }[keyof A];

export interface SelectOptions {
  /** Is given what another one had got all the same, before its cancellation came: the item of a queue, say. Otherwise that is dropped. */
  readonly leftover?: ((value: unknown, key: string) => void) | undefined;
}

/**
 * Waits for the first of several, named by their keys, and cancels the others, which have ended when it returns. Throws what the first one
 * throws.
 *
 *     const first = await select({ job: () => queue.get(), stop: () => stopped.wait() });
 *     if (first.key === 'job') work(first.value);
 */
export async function select<const A extends Readonly<Record<string, Awaitable<unknown>>>>(
  cases: A,
  { leftover }: SelectOptions = {},
): Promise<Selected<A>> {
  const futures = Object.entries(cases).map(([key, awaitable]): [string, Future] => [key, ensureFuture(awaitable)]);
  if (futures.length === 0) throw new StateError('ERR_NOTHING_TO_WAIT_FOR', 'select needs at least one case: got none');
  let first = futures.find(([, future]) => future.done);
  const losers = (): void => {
    for (const [, future] of futures) if (future !== first?.[1]) future.cancel('another case of a select came first');
  };
  // The losers are cancelled in the very moment: what they wait for is not granted to them any more.
  const observer: Observer = {
    waits: null,
    settled: (future) => {
      if (first === undefined) {
        first = futures.find(([, other]) => other === future)!;
        losers();
      }
      return true;
    },
  };
  if (first === undefined) for (const [, future] of futures) future.observe(observer);
  else losers();
  const all = futures.map(([, future]) => future);
  try {
    await wait(all);
  } finally {
    for (const future of all) {
      if (future.state !== PENDING) continue;
      future.ignore(observer);
      future.cancel();
    }
  }
  for (const [key, future] of futures) if (future !== first![1] && future.state === DONE) leftover?.(future.outcome, key);
  return { key: first![0], value: first![1].result() } as Selected<A>;
}
