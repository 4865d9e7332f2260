import { Queue } from 'manycore/queue';
import { Thread } from 'manycore/threading';

/* oxlint-disable typescript/no-explicit-any -- the cases send whatever there is */
export type Anything = any;
type Answer = { readonly value: unknown } | { readonly error: unknown };

/** Runs `fn` in a thread, and gives what it returns; what it throws is thrown here. */
export async function far(fn: (...args: Anything[]) => unknown, ...args: unknown[]): Promise<Anything> {
  const answers = new Queue<Answer>();
  const thread = new Thread({ target: answer, args: [fn, args, answers] as Anything });
  thread.start();
  await thread.join();
  const found = await answers.get();
  if ('error' in found) throw found.error;
  return found.value;
}

export async function answer(fn: (...args: unknown[]) => unknown, args: readonly unknown[], answers: Queue<Answer>): Promise<void> {
  try {
    await answers.put({ value: await fn(...args) });
  } catch (error) {
    await answers.put({ error });
  }
}

/** What refuses a value, when it is handed over: the error's code. */
export async function refusal(fn: (...args: Anything[]) => unknown, ...args: unknown[]): Promise<string> {
  try {
    return `travelled: ${String(await far(fn, ...args))}`;
  } catch (error) {
    return String((error as { code?: unknown }).code ?? (error as Error).stack);
  }
}
