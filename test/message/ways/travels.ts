/* oxlint-disable unicorn/no-unnecessary-await, typescript/no-explicit-any, eslint/no-var, eslint/no-unused-private-class-members, eslint/no-unused-vars, typescript/no-implied-eval, typescript/no-this-alias -- odd code is the point of these cases */
import { EventEmitter } from 'node:events';
import { readFileSync as renamedRead } from 'node:fs';
import os from 'node:os';
import * as path from 'node:path';
import { Queue } from 'manycore/queue';
import { reduce, Thread } from 'manycore/threading';
import { type Anything, answer, far } from './far.ts';
import byDefault, * as library from './library.ts';
import { arrow, getNotExported, handlers, helper, LibraryError, Point } from './library.ts';

/** What must travel: a name, what gives the answer, and the answer. */
export type Case = readonly [name: string, act: () => Promise<unknown>, answer: unknown];

const factor: number = 3;
let topLet = 7;
var topVar = 'v';
const π = 3.14;

function isEven(n: number): boolean {
  return n === 0 ? true : isOdd(n - 1);
}
function isOdd(n: number): boolean {
  return n === 0 ? false : isEven(n - 1);
}
function factorial(n: number): number {
  return n < 2 ? 1 : n * factorial(n - 1);
}
function* generatorFunction(n: number): Generator<number> {
  for (let i = 0; i < n; i++) yield i * factor;
}
async function* asyncGeneratorFunction(n: number): AsyncGenerator<number> {
  for (let i = 0; i < n; i++) {
    await undefined;
    yield i * factor;
  }
}
const tagged = (strings: TemplateStringsArray, ...values: unknown[]): string => strings.raw.join('|') + values.join(',');
const doubled = double(21);
function double(x: number): number {
  return x * 2;
}
function remembering(n: number): number {
  return (remembering as Anything).cache[n] ?? -1;
}
(remembering as Anything).cache = { 5: 55 };

let remembered: number | undefined;
const ownState = (): number => (remembered ??= factor * 100);

const unique = Symbol('unique');
const frozen = Object.freeze({ a: 1 });

class Counted {
  #x = 1;
  y = 2;
  static count = 5;
  static #hidden = 40;
  constructor(x: number) {
    this.#x = x;
  }
  get x(): number {
    return this.#x;
  }
  set x(value: number) {
    this.#x = value;
  }
  sum(): number {
    return this.#x + this.y + factor + Counted.count;
  }
  static hidden(): number {
    return Counted.#hidden + 2;
  }
  #method(): string {
    return 'private method';
  }
  callMethod(): string {
    return this.#method();
  }
  isOne(other: object): boolean {
    return #x in other;
  }
}
class Heir extends Counted {
  constructor() {
    super(10);
  }
  override sum(): number {
    return super.sum() * 2;
  }
  get [Symbol.toStringTag](): string {
    return 'Heir';
  }
  *[Symbol.iterator](): Generator<number> {
    yield this.x;
    yield factor;
  }
  static create(): Heir {
    return new Heir();
  }
}
class Emitter extends EventEmitter {
  n = 4;
  total(): number {
    return this.n + this.listenerCount('x');
  }
}
class Animal {
  name: string;
  constructor(name: string) {
    this.name = name;
  }
  speak(): string {
    return `${this.name}!`;
  }
}
const mixin = (Base: new (name: string) => Animal) =>
  class extends Base {
    mixed(): string {
      return `mixed${factor}`;
    }
  };
const Mixed = mixin(Animal);

const withMethods: Anything = {
  k: 5,
  add(x: number) {
    return x + this.k;
  },
  arrow: (x: number) => x + topLet,
  get dynamic() {
    return this.k * 2;
  },
  nested: { f: (x: number) => withMethods.k + x },
};
withMethods.self = withMethods;

const runs = (): number => ((globalThis as Anything).constructorRuns ??= 0);
class Base {
  #id: number;
  tag: string;
  constructor(id: number) {
    (globalThis as Anything).constructorRuns = runs() + 1;
    this.#id = id;
    this.tag = `t${id}`;
  }
  get id(): number {
    return this.#id;
  }
}
class Derived extends Base {
  #self: Derived;
  #map = new Map<string, number>([['a', 1]]);
  constructor() {
    super(42);
    this.#self = this;
    (globalThis as Anything).constructorRuns = runs() + 10;
  }
  isWhole(): boolean {
    return this.#self === this && this.#map.get('a') === 1;
  }
}
class WithStatics {
  static made = 0;
  static list: string[] = [];
  static {
    (globalThis as Anything).staticRuns = ((globalThis as Anything).staticRuns ?? 0) + 1;
    WithStatics.list.push('x');
  }
  static info(): unknown {
    return [WithStatics.made, WithStatics.list];
  }
}
class Stack<T> extends Array<T> {
  top(): T {
    return this[this.length - 1]!;
  }
}
class Register extends Map<string, number> {
  extra = 5;
  sum(): number {
    return [...this.values()].reduce((a, b) => a + b, this.extra);
  }
}
class Connection {
  #handle = 9;
  url: string;
  constructor(url: string) {
    this.url = url;
  }
  get handle(): number {
    return this.#handle;
  }
  [reduce](): unknown {
    return [(url: string) => new Connection(url), [this.url]];
  }
}

const captures: readonly Case[] = [
  ['a captured const', () => far((x: number) => x * factor, 4), 12],
  ['captured top-level let and var', () => far(() => [topLet, topVar]), [7, 'v']],
  ['a function that calls itself', () => far(factorial, 5), 120],
  ['functions that call each other', () => far(isEven, 10), true],
  [
    'the variable of a loop, one for each turn',
    async () => {
      const results = [];
      for (let i = 0; i < 3; i++) results.push(far(() => i * 10));
      return Promise.all(results);
    },
    [0, 10, 20],
  ],
  [
    'a parameter, a block, a shadowed name',
    async () =>
      ((p: number) => {
        const v = 1;
        void v;
        {
          const v = 2;
          const q = p;
          return far((w: number) => [v, q, w, factor], 9);
        }
      })(5),
    [2, 5, 9, 3],
  ],
  [
    'the parameter of a catch',
    async () => {
      try {
        throw new Error('boo');
      } catch (error) {
        return far(() => (error as Error).message);
      }
    },
    'boo',
  ],
  [
    'destructuring, defaults, rest',
    () => far(({ a = factor, ...r }: Anything, [b = topLet]: Anything, ...c: unknown[]) => [a, r, b, c], { z: 1 }, [undefined], 5, 6),
    [3, { z: 1 }, 7, [5, 6]],
  ],
  [
    'an async function',
    () =>
      far(async (x: number) => {
        await undefined;
        return x + factor;
      }, 1),
    4,
  ],
  ['a captured generator function', () => far(() => [...generatorFunction(3)]), [0, 3, 6]],
  [
    'a captured async generator function',
    () =>
      far(async () => {
        const out = [];
        for await (const x of asyncGeneratorFunction(3)) out.push(x);
        return out;
      }),
    [0, 3, 6],
  ],
  ['what was computed at module level', () => far(() => doubled), 42],
  ['state that only the function uses', () => far(() => [ownState(), ownState()]), [300, 300]],
  ['a function with properties of its own', () => far(remembering, 5), 55],
  [
    'templates, names in Greek, regular expressions, comments',
    () =>
      far((/* c1 */ x: number /* c2 */) => {
        // c3
        const s = tagged`a${x}\n${π}`;
        return [s, /[/"'`]/.test('`'), '}{'.length];
      }, 2),
    ['a|\\n|2,3.14', true, 2],
  ],
  [
    'NaN, -0, Infinity and undefined',
    async () => {
      const a = Number.NaN;
      const b = -0;
      const c = -Infinity;
      const d = undefined;
      return far(() => [Number.isNaN(a), Object.is(b, -0), c, d === undefined]);
    },
    [true, true, '-Infinity', true],
  ],
];

const modules: readonly Case[] = [
  [
    'imports of Node: by name, namespace, default',
    () => far(() => [typeof renamedRead, path.basename('/a/b'), typeof os.cpus]),
    ['function', 'b', 'function'],
  ],
  [
    'imports of the program',
    () => far(() => [helper(1), handlers.double(4), handlers.triple(2), arrow(2), byDefault(30)]),
    [11, 8, 6, 20, 20],
  ],
  [
    'namespaces that were imported when they were wanted',
    async () => {
      const [nodes, programs] = [await import('node:path'), await import('./library.ts')];
      return far(() => [nodes.basename('/a/b'), nodes.default.sep, programs.helper(1)]);
    },
    ['b', '/', 11],
  ],
  ['an imported namespace', () => far(() => [library.helper(1), Object.keys(library).length > 5]), [11, true]],
  ['an exported function as target', () => far(helper, 5), 15],
  ['an exported arrow function as target', () => far(arrow, 5), 50],
  ['a default export as target', () => far(byDefault, 5), -5],
  ['a method of an exported object as target', () => far(handlers.double, 5), 10],
  ['a static method of an exported class as target', () => far(Point.of, 5), { x: 5, y: 5 }],
  ["another module's function that it does not export", () => far(getNotExported(), 5), 100],
  [
    'an import inside the function',
    () =>
      far(async () => {
        const module = await import('node:path');
        return module.basename('/q/w');
      }),
    'w',
  ],
];

const functions: readonly Case[] = [
  [
    'a bare method, with a `this` of its own',
    () =>
      far(function (this: unknown) {
        return this === undefined || this === globalThis;
      }),
    true,
  ],
  ['a bound method', () => far(withMethods.add.bind(withMethods), 10), 15],
  ['a bound native function', () => far(Math.max.bind(null, 5), 3), 5],
  [
    "the language's own functions",
    () => far((f: Anything, g: Anything) => [f(1, 2), g({ a: 1 }), parseInt === globalThis.parseInt], Math.max, JSON.stringify),
    [2, '{"a":1}', true],
  ],
  ["a function of Node's as a value", () => far((f: Anything) => f('/x/y.z'), path.extname), '.z'],
  [
    'globals of the web',
    async () => {
      const Controller = AbortController;
      const microtask = queueMicrotask;
      const fetching = fetch;
      return far(() => [typeof new Controller().signal, typeof microtask, fetching === fetch]);
    },
    ['object', 'function', true],
  ],
  [
    '`arguments` of its own',
    () =>
      far(
        function () {
          // oxlint-disable-next-line eslint/prefer-rest-params
          return arguments.length;
        },
        1,
        2,
        3,
      ),
    3,
  ],
  // oxlint-disable-next-line eslint/no-new-func
  ['a function made by new Function', () => far(new Function('a', 'return a * 2') as () => unknown, 4), 8],
  [
    'a closure that comes back',
    async () => {
      const f = await far((k: number) => (x: number) => x * k + factor, 10);
      return f(2);
    },
    23,
  ],
  [
    'several threads of one closure',
    async () => {
      const answers = new Queue<Anything>();
      const threads = [0, 1, 2].map((i) => new Thread({ target: (a: number) => answers.putSync(a + factor), args: [i] }));
      for (const thread of threads) thread.start();
      for (const thread of threads) await thread.join();
      return [answers.getNoWait(), answers.getNoWait(), answers.getNoWait()].toSorted((a, b) => a - b);
    },
    [3, 4, 5],
  ],
  ['a closure over a list', async () => Promise.all([1, 2, 3, 4].map((x) => far(() => x * factor))), [3, 6, 9, 12]],
  [
    'a thread inside a thread',
    () =>
      far(async (k: number) => {
        const answers = new Queue<number>();
        const thread = new Thread({ target: (y: number) => answers.putSync(y * k * factor), args: [5] });
        thread.start();
        await thread.join();
        return answers.get();
      }, 2),
    30,
  ],
];

const classes: readonly Case[] = [
  ['an instance of an exported class', () => far((p: Anything) => [p instanceof Point, p.norm()], new Point(3, 4)), [true, 5]],
  [
    'a class of the program: super, static, accessors, computed keys',
    () => far((b: Anything) => [b.sum(), b instanceof Counted, String(b), [...b], Heir.create().x, Counted.count], new Heir()),
    [40, true, '[object Heir]', [10, 3], 10, 5],
  ],
  [
    'private fields, methods, statics, and `#x in`',
    () => far((a: Anything) => [a.x, Counted.hidden(), a.callMethod(), a.isOne(a), a.isOne({})], Object.assign(new Counted(77), { y: 9 })),
    [77, 42, 'private method', true, false],
  ],
  [
    'a class that extends one of Node',
    () =>
      far((e: Anything) => {
        e.on('x', () => 1);
        return [e instanceof EventEmitter, e.total()];
      }, new Emitter()),
    [true, 5],
  ],
  [
    'a class from a mixin',
    () =>
      far(() => {
        const m = new Mixed('rex');
        return [m.speak(), m.mixed(), m instanceof Animal];
      }),
    ['rex!', 'mixed3', true],
  ],
  [
    'private state on two levels, without running a constructor',
    () => far((x: Anything) => [x.id, x.tag, x.isWhole(), x instanceof Base, (globalThis as Anything).constructorRuns ?? 0], new Derived()),
    [42, 't42', true, true, 0],
  ],
  [
    'static state travels, static blocks do not run again',
    async () => {
      WithStatics.made = 3;
      return far(() => [WithStatics.info(), (globalThis as Anything).staticRuns ?? 0]);
    },
    [[3, ['x']], 0],
  ],
  [
    'classes that extend Array and Map',
    async () => {
      const stack = Stack.from([1, 2, 3]) as Stack<number>;
      const register = new Register([['a', 1]]);
      register.extra = 7;
      return far(() => [stack.top(), stack instanceof Stack, stack.length, register.sum(), register instanceof Register]);
    },
    [3, true, 3, 8, true],
  ],
  [
    'an object that says how it is made again',
    () => far((c: Anything) => [c.url, c.handle, c instanceof Connection], new Connection('u')),
    ['u', 9, true],
  ],
  [
    'an instance that comes back',
    async () => {
      const p = await far(() => new Point(6, 8));
      return [p instanceof Point, p.norm()];
    },
    [true, 10],
  ],
  [
    'a class is the same class in a thread, each time that it comes',
    async () => {
      const jobs = new Queue<readonly [Anything, readonly unknown[]]>();
      const answers = new Queue<Anything>();
      const target = async (): Promise<void> => {
        for await (const [fn, args] of jobs) await answer(fn, args, answers);
      };
      const thread = new Thread({ target });
      thread.start();
      await jobs.put([(given: unknown) => void ((globalThis as Anything).kept = given), [Animal]]);
      const check = (given: Anything): boolean => {
        const { kept } = globalThis as Anything;
        return kept === given && new given('q') instanceof kept;
      };
      await jobs.put([check, [Animal]]);
      jobs.shutdown();
      await thread.join();
      await answers.get();
      const { value, error } = await answers.get();
      return value ?? error;
    },
    true,
  ],
  [
    'an error of its own class, there and back',
    async () => {
      try {
        await far(() => {
          throw new LibraryError('bad', { code: 5 });
        });
        return 'nothing was thrown';
      } catch (caught) {
        const error = caught as LibraryError;
        return [error instanceof LibraryError, error.name, error.message, error.info, /travels|bundle|small/.test(String(error.stack))];
      }
    },
    [true, 'LibraryError', 'bad', { code: 5 }, true],
  ],
];

const objects: readonly Case[] = [
  [
    'an object with methods, a cycle, a getter',
    () => far((o: Anything) => [o.add(1), o.arrow(1), o.dynamic, o.nested.f(1), o.self === o], withMethods),
    [6, 8, 10, 6, true],
  ],
  [
    'Map, Set, BigInt, Date, RegExp',
    () =>
      far(
        (m: Anything, s: Anything, b: Anything, d: Anything, r: Anything) => [
          m.get('k')(2),
          s.has(1),
          b + 1n,
          d.getTime(),
          r.test('abc'),
          r.flags,
        ],
        new Map([['k', (x: number) => x * factor]]),
        new Set([1]),
        5n,
        new Date(7),
        /b/gi,
      ),
    [6, true, '6n', 7, true, 'gi'],
  ],
  [
    'typed arrays, Buffer, URL',
    () =>
      far(
        (u: Anything, b: Anything, l: Anything) => [u[1], Buffer.isBuffer(b), b.toString(), l.hostname],
        new Uint16Array([1, 2]),
        Buffer.from('hey'),
        new URL('http://x.y/z'),
      ),
    [2, true, 'hey', 'x.y'],
  ],
  [
    'a SharedArrayBuffer stays the same memory',
    async () => {
      const buffer = new SharedArrayBuffer(8);
      const view = new Int32Array(buffer);
      const isSame = await far(() => {
        view[0] = 42;
        return view.buffer === buffer;
      });
      return [isSame, view[0]];
    },
    [true, 42],
  ],
  [
    'an argument and a captured variable share memory',
    async () => {
      const view = new Int32Array(new SharedArrayBuffer(8));
      const adding = (own: Int32Array): void => {
        for (let i = 0; i < 1000; i++) Atomics.add(own, 0, 1);
        Atomics.add(view, 1, 1);
      };
      await Promise.all([far(adding, view), far(adding, view)]);
      return [...view];
    },
    [2000, 2],
  ],
  [
    'symbols',
    async () => {
      const registered = Symbol.for('registered');
      const found = await far(
        (q: symbol) => [
          q === unique,
          registered === Symbol.for('registered'),
          Symbol.iterator === (Symbol as Anything)['iterator'],
          { unique: q },
        ],
        unique,
      );
      return [found[0], found[1], found[2], found[3].unique === unique];
    },
    [true, true, true, true],
  ],
  [
    'frozen, without a prototype, with an accessor',
    async () => {
      const bare = Object.create(null) as Record<string, number>;
      bare['a'] = 1;
      const accessing = {
        get v() {
          return factor;
        },
        [unique]: 3,
      };
      return far(() => [Object.isFrozen(frozen), Object.getPrototypeOf(bare), accessing.v, (accessing as Anything)[unique]]);
    },
    [true, null, 3, 3],
  ],
  [
    'a chain of prototypes of plain objects',
    async () => {
      const parent = {
        hi() {
          return `hi ${(this as Anything).n}`;
        },
      };
      const child = Object.create(parent) as Anything;
      child.n = 'x';
      return far(() => child.hi());
    },
    'hi x',
  ],
  [
    'an object on two ways stays one',
    async () => {
      const one = { a: 1, f: () => 1 };
      const holder = { one };
      return far((q: unknown) => [q === one, holder.one === one], one);
    },
    [true, true],
  ],
  [
    'a WeakMap, for the keys that travel',
    async () => {
      const first = { id: 1 };
      const second = {};
      const weak = new WeakMap<object, string>([
        [first, 'one'],
        [second, 'two'],
      ]);
      return far((q: object) => [weak.get(q), weak.get(first), weak.has({})], first);
    },
    ['one', 'one', false],
  ],
];

let count = 0;
const increment = (): number => ++count;
const getCount = (): number => count;

function makeCounter(): { increment: () => void; get: () => number } {
  let n = 0;
  return {
    increment() {
      n++;
    },
    get: () => n,
  };
}
const counter = makeCounter();

let memory: { readonly made: number } | undefined;
function once(): object {
  return (memory ??= { made: Math.random() });
}
const isSameTwice = (): boolean => once() === once();

let { first, last } = { first: 1, last: 2 };
const swap = (): void => {
  [first, last] = [last, first];
};
const set = (): void => {
  ({ first, last = 5 } = { first: first * 10 } as Anything);
};
const pair = (): unknown => ({ first, last });

const shared: readonly Case[] = [
  [
    'a variable that two functions share stays one',
    () =>
      far(() => {
        increment();
        increment();
        return getCount();
      }),
    2,
  ],
  [
    'a variable that the methods of an object share stays one',
    () =>
      far((c: Anything) => {
        c.increment();
        c.increment();
        return c.get();
      }, counter),
    2,
  ],
  ['what is made once is the same twice', () => far(() => isSameTwice()), true],
  [
    'variables that are assigned by destructuring, and shared',
    () =>
      far(() => {
        swap();
        set();
        return pair();
      }),
    { first: 20, last: 5 },
  ],
  ['a function with a state of its own is sent on by a thread', () => far(() => far(ownState)), 300],
  [
    'shared variables are sent on by a thread',
    () =>
      far(() => {
        increment();
        return far(() => {
          increment();
          return getCount();
        });
      }),
    2,
  ],
];

/** Keeps the compiler from taking them for constants. */
export function change(): void {
  topLet++;
  topVar += '!';
}

export const travels: readonly Case[] = [...captures, ...modules, ...functions, ...classes, ...objects, ...shared];
