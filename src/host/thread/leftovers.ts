import { fileURLToPath } from 'node:url';
import { expectListener, isExpected } from '../../base/expect-listener.ts';
import { isUnloadedGlobal } from '../../message/closures/index.ts';
import { generate } from '../../message/generate.ts';

/*
 * A carrier that one thread has changed is not given to the next: what a thread sets on the global object, on built-in
 * prototypes or on the console, listeners that it leaves on `process`, and what it leaves running would all be seen there. What Node loads
 * only when somebody asks for it, as `Headers`, is left out: a look would load it in every worker, 30 ms and 5 MB of it.
 * The look costs a microsecond or two, after the end of the thread has been told.
 */
const OWN = [new URL('../../', import.meta.url).href, fileURLToPath(new URL('../../', import.meta.url))] as const;

/** Things of V8's and Node's that programs replace, for tests above all. */
const REPLACEABLE = Object.entries({
  console: ['log', 'error', 'warn', 'info', 'debug'],
  Math: ['random'],
  Date: ['now'],
  JSON: ['parse', 'stringify'],
});

/** `for … in` over these sees what was assigned to them, and to `Object.prototype`. */
const PROBES: readonly object[] = [Array, Function, Map, Set, Promise, Date, RegExp, String, Number, Error].map(
  ({ prototype }) => prototype as object,
);

type Unreferenced = Pick<NodeJS.Timeout, 'unref' | 'hasRef'> & { readonly _destroyed?: boolean };

/** Timers and immediates that the program has taken the reference of, and that may still come: the event loop does not list them. */
const unreferenced = new Set<Unreferenced>();

function watchUnreferenced(one: NodeJS.Timeout | NodeJS.Immediate): void {
  const prototype = Object.getPrototypeOf(one) as Unreferenced;
  // oxlint-disable-next-line typescript/unbound-method -- called with its timer below
  const { unref } = prototype;
  prototype.unref = function (this: NodeJS.Timeout): NodeJS.Timeout {
    if (isProgram(callerOfUnref())) unreferenced.add(this);
    return unref.call(this);
  };
}

function callerOfUnref(): string {
  const { stackTraceLimit, prepareStackTrace } = Error;
  try {
    Error.stackTraceLimit = 3;
    Error.prepareStackTrace = (_, sites) => sites[2]?.getFileName() ?? '';
    return new Error('where').stack as string;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  }
}

const isProgram = (file: string): boolean => !file.startsWith('node:') && !OWN.some((folder) => file.startsWith(folder));

function globalsNow(): number {
  let count = 0;
  for (const _ in globalThis) count++;
  for (const probe of PROBES) for (const _ in probe) count++;
  return count;
}

function listenersNow(): number {
  let count = 0;
  for (const name of process.eventNames()) {
    for (const listener of process.listeners(name as 'exit') as ((...args: never[]) => unknown)[]) if (!isExpected(listener)) count++;
  }
  return count;
}

const NAME = /^[A-Za-z_$][\w$]*$/;

/** Whether these expressions, which name globals, still have these values: as code, for a look by name costs a tenth of one by a variable. `null` where there can be no code from texts. */
function looksAt(expected: readonly (readonly [expression: string, value: unknown])[]): (() => boolean) | null {
  const constants = expected.map((_, i) => `v${i}=values[${i}]`).join(',');
  const tests = expected.map(([expression], i) => `${expression}===v${i}`).join('&&');
  type Make = (values: readonly unknown[]) => () => boolean;
  const make = generate<Make | null>(['values'], `const ${constants};return()=>{try{return ${tests}}catch{return false}}`, null);
  return make?.(expected.map(([, value]) => value)) ?? null;
}

/** A property that holds a value, and could hold another one. */
function canChange(object: object, key: PropertyKey): boolean {
  const descriptor = Object.getOwnPropertyDescriptor(object, key)!;
  return 'value' in descriptor && (descriptor.writable === true || descriptor.configurable === true);
}

/** Another copy of the package, which comes later, may set the same. */
const isOfPackage = (key: PropertyKey): boolean => typeof key === 'symbol' && Symbol.keyFor(key)?.startsWith('manycore.') === true;

interface Before {
  readonly object: Readonly<Record<PropertyKey, unknown>>;
  readonly key: PropertyKey;
  readonly value: unknown;
  /** `null` for what has no name in code, or is not equal to itself. */
  readonly expression: string | null;
}

function globalsBefore(): Before[] {
  const object = globalThis as unknown as Record<PropertyKey, unknown>;
  const keys = Reflect.ownKeys(object).filter((key) => !isUnloadedGlobal(key) && canChange(object, key) && !isOfPackage(key));
  return keys.map((key) => {
    const value = object[key];
    return { object, key, value, expression: typeof key === 'string' && NAME.test(key) && !Number.isNaN(value) ? key : null };
  });
}

function builtinsBefore(): Before[] {
  return REPLACEABLE.flatMap(([name, keys]) => {
    const object = (globalThis as unknown as Record<string, Record<string, unknown>>)[name]!;
    return keys.map((key) => ({ object, key, value: object[key], expression: `${name}.${key}` }));
  });
}

/** Whether a listener has come on `process` since the last look; Node has listeners of its own that hear of this. */
function watchListeners(): () => boolean {
  let haveCome = false;
  process.on(
    'newListener',
    expectListener(() => void (haveCome = true)),
  );
  const [then, hearers] = [listenersNow(), process.listenerCount('newListener')];
  return () => {
    if (!haveCome && process.listenerCount('newListener') === hearers) return false;
    return (haveCome = listenersNow() > then);
  };
}

/** Remembers how the worker is now; gives the way to find out what has changed since, in words, or `null`. */
export function watchLeftovers(timer: NodeJS.Timeout): () => string | null {
  watchUnreferenced(timer);
  const immediate = setImmediate(() => {});
  watchUnreferenced(immediate);
  clearImmediate(immediate);
  const before = [...globalsBefore(), ...builtinsBefore()];
  const named = before.flatMap(({ expression, value }) => (expression === null ? [] : [[expression, value] as const]));
  const areAsBefore = looksAt(named);
  const nameless = areAsBefore === null ? before : before.filter(({ expression }) => expression === null);
  const globalsThen = globalsNow();
  const haveListenersCome = watchListeners();
  const isReplaced = ({ object, key, value }: Before): boolean => !Object.is(object[key], value);

  return () => {
    if (globalsNow() !== globalsThen) return 'it has added to the global object or to a built-in prototype';
    const replaced = areAsBefore?.() === false || nameless.some(isReplaced) ? before.find(isReplaced) : undefined;
    if (replaced !== undefined) return `it has replaced ${String(replaced.key)}`;
    if (haveListenersCome()) return 'it has left listeners on process';
    if (unreferenced.size === 0) return null;
    for (const one of unreferenced) if (one._destroyed === true || one.hasRef()) unreferenced.delete(one);
    return unreferenced.size > 0 ? 'it has left a timer' : null;
  };
}
