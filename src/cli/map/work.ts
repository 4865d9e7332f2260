import { type Failure, failureOf, type Outcome } from './outcome.ts';
import { toJson } from './to-json.ts';

/*
 * What runs in the workers: threads, processes, or those of a node.
 */

/** Where a worker finds the function. */
export interface Target {
  /** The module's address. */
  readonly url: string;
  readonly name: string;
  /** What registers tsx, for `import` and for `require`, where Node can't run the module by itself; none where it can. */
  readonly tsx: readonly string[];
}

/** What the items of a chunk gave, and how long they took, in milliseconds. */
export type Worked = readonly [outcomes: readonly Outcome[], ms: number];

type AnyFunction = (input: unknown) => unknown;
let found: { readonly key: string; readonly fn: Promise<AnyFunction> } | null = null;

/** Calls the function with each item, one after the other. Never fails: an outcome says what has. */
export async function work(target: Target, items: readonly unknown[]): Promise<Worked> {
  const begin = performance.now();
  const outcomes: Outcome[] = [];
  for (const item of items) {
    try {
      const fn = await functionOf(target);
      outcomes.push({ json: toJson(await fn(item)) });
    } catch (error) {
      outcomes.push(failureOf(error));
    }
  }
  return [outcomes, performance.now() - begin];
}

/** Loads the function before the first item comes, whose time limit that would count against. What fails is told by the items. */
export async function prepare(target: Target): Promise<void> {
  await functionOf(target).catch(() => {});
}

/** Says why there is no such function; `null` when there is. */
export async function examine(target: Target): Promise<Failure | null> {
  try {
    await functionOf(target);
    return null;
  } catch (error) {
    return failureOf(error);
  }
}

function functionOf(target: Target): Promise<AnyFunction> {
  const key = `${target.url}#${target.name}`;
  if (found?.key !== key) found = { key, fn: load(target) };
  return found.fn;
}

async function load({ url, name, tsx }: Target): Promise<AnyFunction> {
  // stdout is for results: what the module and its functions print goes to stderr.
  process.stdout.write = process.stderr.write.bind(process.stderr);
  for (const api of tsx) ((await import(api)) as { readonly register: () => unknown }).register();
  const module = (await import(url)) as Readonly<Record<string, unknown>>;
  // A CommonJS module's exports are those of its default, too.
  const inner = module['default'] as Readonly<Record<string, unknown>> | null | undefined;
  const all = typeof inner === 'object' && inner !== null ? { ...inner, ...module, default: inner['default'] } : module;
  const fn = all[name];
  if (typeof fn === 'function') return fn as AnyFunction;
  const names = Object.keys(all).filter((key) => typeof all[key] === 'function');
  const others = names.length === 0 ? 'no functions' : names.join(', ');
  throw Object.assign(new TypeError(`${fn === undefined ? `it exports no ${name}` : `its ${name} is no function`}: it exports ${others}`), {
    stack: '',
  });
}
