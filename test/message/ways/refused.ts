/* oxlint-disable typescript/no-explicit-any, eslint/no-unused-vars, eslint/prefer-rest-params, eslint/no-eval, typescript/no-implied-eval, eslint/no-proto -- odd code is the point of these cases */
import net from 'node:net';
import { type Anything, refusal } from './far.ts';
import { Secret } from './library.ts';
import type { Case } from './travels.ts';

const factor: number = 3;

function* generatorFunction(n: number): Generator<number> {
  for (let i = 0; i < n; i++) yield i * factor;
}

class Counted {
  #x = 1;
  get x(): number {
    return this.#x;
  }
}

declare const addedGlobal: number;

/** Each case changes or uses what it could not change or use over there; the answer is the code of the refusal. */
const losses: readonly Case[] = [
  [
    'an assignment to a captured variable',
    async () => {
      let n = 0;
      const code = await refusal(() => {
        n++;
      });
      return n === 0 ? code : n;
    },
    'E_CAPTURED_WRITE',
  ],
  [
    'an assignment by a function inside the function',
    async () => {
      let hits = 0;
      const code = await refusal(() => {
        [1, 2].forEach(() => {
          hits += 1;
        });
      });
      return hits === 0 ? code : hits;
    },
    'E_CAPTURED_WRITE',
  ],
  [
    'an assignment by destructuring',
    async () => {
      let q = 0;
      const code = await refusal(() => {
        [q] = [1];
      });
      return q === 0 ? code : q;
    },
    'E_CAPTURED_WRITE',
  ],
  [
    'push to a captured array',
    async () => {
      const results: number[] = [];
      const code = await refusal((x: number) => {
        results.push(x);
      }, 1);
      return results.length === 0 ? code : results;
    },
    'E_CAPTURED_MUTATION',
  ],
  [
    'a new property of a captured object',
    async () => {
      const o: Anything = {};
      const code = await refusal((x: number) => {
        o.done = x;
      }, 1);
      return o.done ?? code;
    },
    'E_CAPTURED_MUTATION',
  ],
  [
    'a property of a captured object deleted',
    async () => {
      const o: Anything = { a: 1 };
      const code = await refusal(() => {
        delete o.a;
      });
      return o.a === 1 ? code : o;
    },
    'E_CAPTURED_MUTATION',
  ],
  [
    'set of a captured Map',
    async () => {
      const m = new Map<number, number>();
      const code = await refusal(() => {
        m.set(1, 2);
      });
      return m.size === 0 ? code : m.size;
    },
    'E_CAPTURED_MUTATION',
  ],
];

const handles: readonly Case[] = [
  [
    'a socket',
    async () => {
      const socket = new net.Socket();
      const code = await refusal(() => socket.destroyed);
      socket.destroy();
      return code;
    },
    'E_NATIVE_HANDLE',
  ],
  [
    'a socket deep inside an argument',
    async () => {
      const socket = new net.Socket();
      const code = await refusal((o: unknown) => o, { a: [{ connection: socket }] });
      socket.destroy();
      return code;
    },
    'E_NATIVE_HANDLE',
  ],
  [
    'a timer',
    async () => {
      const timer = setTimeout(() => 0, 10);
      const code = await refusal(() => timer.hasRef());
      clearTimeout(timer);
      return code;
    },
    'E_NATIVE_HANDLE',
  ],
  [
    'a server',
    async () => {
      const server = net.createServer();
      return refusal(() => server.listening);
    },
    'E_NATIVE_HANDLE',
  ],
  [
    'a stream',
    async () => {
      const stream = process.stdout;
      return refusal(() => stream.write('x'));
    },
    'E_NATIVE_HANDLE',
  ],
  [
    'a port that is not given away',
    async () => {
      const { port1, port2 } = new MessageChannel();
      const code = await refusal(() => port1);
      port1.close();
      port2.close();
      return code;
    },
    'E_NOT_TRANSFERRED',
  ],
];

const kinds: readonly Case[] = [
  [
    'a promise',
    async () => {
      const promise = Promise.resolve(1);
      return refusal(() => promise);
    },
    'E_PROMISE',
  ],
  [
    'a WeakRef',
    async () => {
      const weak = new WeakRef({});
      return refusal(() => weak.deref());
    },
    'E_WEAK',
  ],
  [
    'a Proxy',
    async () => {
      const proxy = new Proxy({}, {});
      return refusal(() => proxy);
    },
    'E_PROXY',
  ],
  [
    'a running generator',
    async () => {
      const generator = generatorFunction(3);
      return refusal(() => generator.next());
    },
    'E_GENERATOR',
  ],
  ['private state of a class that is imported', () => refusal((s: Anything) => s.key, new Secret(5)), 'E_PRIVATE_STATE'],
  [
    'an accessor that reads a private field',
    async () => refusal((q: unknown) => typeof q, Object.getOwnPropertyDescriptor(Counted.prototype, 'x')!.get),
    'E_PRIVATE_NAME',
  ],
];

const unseen: readonly Case[] = [
  [
    '`this` of the function around it',
    async () => {
      class Around {
        v = 1;
        go(): Promise<string> {
          return refusal(() => this.v);
        }
      }
      return new Around().go();
    },
    'E_LEXICAL_THIS',
  ],
  [
    '`arguments` of the function around it',
    async () =>
      (function (..._: unknown[]) {
        return refusal(() => arguments[0]);
      })(1),
    'E_LEXICAL_ARGUMENTS',
  ],
  [
    '`new.target` of the function around it',
    async () => {
      let code: Promise<string> | undefined;
      function Around(): void {
        code = refusal(() => new.target);
      }
      Reflect.construct(Around, []);
      return code;
    },
    'E_LEXICAL_NEW_TARGET',
  ],
  [
    '`super` in a bare method',
    async () => {
      const o = {
        __proto__: {
          f() {
            return 1;
          },
        },
        f() {
          return (super['f' as never] as () => number)();
        },
      };
      return refusal(o.f);
    },
    'E_SUPER',
  ],
  ['a direct eval', async () => refusal(() => eval('factor')), 'E_DIRECT_EVAL'],
  [
    'a variable that is not initialised yet',
    async () => {
      const code = refusal(() => late);
      const late = 1;
      void late;
      return code;
    },
    'E_TDZ',
  ],
  [
    'a global that the program has added',
    async () => {
      (globalThis as Anything).addedGlobal = 1;
      return refusal(() => (globalThis as Anything).x ?? addedGlobal);
    },
    'E_CUSTOM_GLOBAL',
  ],
];

export const refused: readonly Case[] = [...losses, ...handles, ...kinds, ...unseen];
