import { Queue } from 'manycore/queue';
import { SendError, Thread } from 'manycore/threading';

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

/** What refuses a value, when it is handed over: the error's code, and what it fails to say. */
export async function refusal(fn: (...args: Anything[]) => unknown, ...args: unknown[]): Promise<string> {
  try {
    return `travelled: ${String(await far(fn, ...args))}`;
  } catch (error) {
    if (error instanceof SendError) return [error.code, ...unsaid(error)].join(', ');
    return String((error as { code?: unknown }).code ?? (error as Error).stack);
  }
}

/** A refusal names the variable, the place as file:line:column, and the cure; of an argument, the way to it instead. */
function unsaid({ message, path, hint }: SendError): string[] {
  const isInFunction = path.some((step) => /^(function|class|captured variable) /.test(step));
  const says = {
    'the place': /[^\s(]:\d+:\d+/.test(message) || (!isInFunction && !message.startsWith('the function')),
    'which variable': /`[^`]+`/.test(message) || path.some((step) => step.startsWith('captured variable ')) || !isInFunction || hint !== '',
    'the cure': hint !== '' || /\b(Use|Return) /.test(message),
  };
  return Object.entries(says).flatMap(([what, isSaid]) => (isSaid ? [] : [`does not say ${what}: ${message}`]));
}
