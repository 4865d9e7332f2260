import { types } from 'node:util';
import { nameExports, reduce } from '../message/closures/index.ts';
import { type Context, type ContextOf, contextOf, within } from '../threading/context.ts';

type AnyFunction = (...args: never[]) => unknown;

/** A function that begins, wherever it is called, with the values that the storages hold now; the function itself when they hold nothing. */
export function withContextOf(storages: ContextOf | undefined | null, fn: AnyFunction): AnyFunction {
  const context = contextOf(storages);
  return context === null ? fn : inContext(context, fn);
}

/** @internal The same with values that are known; it travels as what it is made from. */
export function inContext(context: Context, fn: AnyFunction): AnyFunction {
  const bound = (...args: never[]): unknown => {
    const result = within(context, () => fn(...args));
    if (!types.isGeneratorObject(result)) return result;
    return Symbol.asyncIterator in result ? asyncSteps(context, result as unknown as AsyncGenerator) : steps(context, result);
  };
  return Object.defineProperties(bound, {
    name: { value: fn.name, configurable: true },
    [reduce]: { value: () => [inContext, [context, fn]] },
  });
}

/** The body of a generator runs where `next` is called. */
function* steps(context: Context, generator: Generator): Generator {
  try {
    for (;;) {
      const { done, value } = within(context, () => generator.next());
      if (done === true) return value;
      yield value;
    }
  } finally {
    within(context, () => generator.return(undefined));
  }
}

async function* asyncSteps(context: Context, generator: AsyncGenerator): AsyncGenerator {
  try {
    for (;;) {
      const { done, value } = await within(context, () => generator.next());
      if (done === true) return value;
      yield value;
    }
  } finally {
    await within(context, () => generator.return(undefined));
  }
}
nameExports(import.meta.url, { inContext });
