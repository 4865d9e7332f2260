import { fileURLToPath } from 'node:url';
import { isExpected } from '../../base/expect-listener.ts';
import { isUnloadedGlobal } from '../../message/closures/index.ts';
import { generate } from '../../message/generate.ts';

/*
 * A carrier that one thread has changed is not given to the next: what a thread sets on the global object, on built-in
 * prototypes or on the console, listeners that it leaves on `process`, and what it leaves running would all be seen there. What Node loads
 * only when somebody asks for it, as `Headers`, is left out: a look would load it in every worker, 30 ms and 5 MB of it.
 * The look costs about five microseconds, after the end of the thread has been told.
 */
const OWN = [new URL('../../', import.meta.url).href, fileURLToPath(new URL('../../', import.meta.url))] as const;

/** Things of V8's and Node's that programs replace, for tests above all. */
const REPLACEABLE = (
  [
    [console, ['log', 'error', 'warn', 'info', 'debug']],
    [Math, ['random']],
    [Date, ['now']],
    [JSON, ['parse', 'stringify']],
  ] as const
).flatMap(([object, names]) => names.map((name) => ({ object: object as unknown as Readonly<Record<string, unknown>>, name })));

/** `for … in` over these sees what was assigned to the prototypes of their classes, and to `Object.prototype`. */
const PROBES: readonly object[] = [
  [],
  () => {},
  new Map(),
  new Set(),
  Promise.resolve(),
  new Date(0),
  /x/,
  Object(''),
  Object(1),
  new Error(''),
];

/** Timers that the program has taken the reference of, and that may still ring: the event loop does not list them. */
const unreferenced = new Set<NodeJS.Timeout & { readonly _destroyed?: boolean }>();

function watchUnreferenced(timer: NodeJS.Timeout): void {
  const prototype = Object.getPrototypeOf(timer) as NodeJS.Timeout;
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

type Look = (globals: object, keys: readonly PropertyKey[], values: readonly unknown[]) => boolean;

/** Whether these globals still hold these values, as code that names each: a look by name costs a tenth of one by a variable. */
function looksAt(keys: readonly PropertyKey[]): Look {
  const tests = keys.map((key, i) => `globals[${typeof key === 'string' ? JSON.stringify(key) : `keys[${i}]`}]===values[${i}]`);
  return generate(['globals', 'keys', 'values'], `return ${tests.join('&&')}`, () => false);
}

/** A property that holds a value, and could hold another one. */
function canChange(object: object, key: PropertyKey): boolean {
  const descriptor = Object.getOwnPropertyDescriptor(object, key)!;
  return 'value' in descriptor && (descriptor.writable === true || descriptor.configurable === true);
}

/** Another copy of the package, which comes later, may set the same. */
const isOfPackage = (key: PropertyKey): boolean => typeof key === 'symbol' && Symbol.keyFor(key)?.startsWith('manycore.') === true;

/** Remembers how the worker is now; gives the way to find out what has changed since, in words, or `null`. */
export function watchLeftovers(timer: NodeJS.Timeout): () => string | null {
  watchUnreferenced(timer);
  const globals = globalThis as unknown as Record<PropertyKey, unknown>;
  const keys = Reflect.ownKeys(globals).filter((key) => !isUnloadedGlobal(key) && canChange(globals, key) && !isOfPackage(key));
  const values = keys.map((key) => globals[key]);
  const areAsBefore = looksAt(keys);
  const replaceable = REPLACEABLE.map(({ object, name }) => object[name]);
  const [globalsThen, listenersThen] = [globalsNow(), listenersNow()];

  return () => {
    if (globalsNow() !== globalsThen) return 'it has added to the global object or to a built-in prototype';
    if (!areAsBefore(globals, keys, values)) {
      for (let i = 0; i < keys.length; i++)
        if (!Object.is(globals[keys[i]!], values[i])) return `it has replaced the global ${String(keys[i])}`;
    }
    for (let i = 0; i < REPLACEABLE.length; i++) {
      const { object, name } = REPLACEABLE[i]!;
      if (object[name] !== replaceable[i]) return `it has replaced the built-in ${name}`;
    }
    if (listenersNow() > listenersThen) return 'it has left listeners on process';
    for (const one of unreferenced) if (one._destroyed === true || one.hasRef()) unreferenced.delete(one);
    return unreferenced.size > 0 ? 'it has left a timer' : null;
  };
}
