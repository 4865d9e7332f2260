import type { handle } from '../word/shareable.ts';

/*
 * What types can see of what can't be sent. The rest, above all what a function captures, is seen when it is handed over.
 */
declare const why: unique symbol;

/** What the type of a value that can't be sent turns into: the compiler shows the reason. */
export interface NotSendable<Reason extends string> {
  readonly [why]: Reason;
}

/** Marks a class whose instances stay in their thread: `class Database { declare readonly [unsendable]: true }`. */
export declare const unsendable: unique symbol;

/* oxlint-disable typescript/no-explicit-any -- whatever they hold */
/** Kinds of values that can't be sent, each with the reason. A library adds its own: `declare module 'manycore/threading' { interface Unsendable { … } }`. */
export interface Unsendable {
  /** It is settled by something that happens in this thread. */
  promise: [Promise<any>, 'a Promise: await it first, and send its value'];
  /** What it refers to is in this thread's memory. */
  weakRef: [WeakRef<any>, 'a WeakRef'];
  /** It is stopped half-way, and only its own thread can go on with it. */
  generator: [Generator | AsyncGenerator, 'a running generator: send the generator function'];
  /** Its descriptor and its buffers belong to this thread's event loop. */
  readable: [NodeJS.ReadableStream, 'a stream: open it inside the thread'];
  /** Its descriptor and its buffers belong to this thread's event loop. */
  writable: [NodeJS.WritableStream, 'a stream: open it inside the thread'];
  /** Its socket belongs to this thread's event loop. */
  server: [{ listen: (...args: any[]) => unknown; getConnections: unknown }, 'a server: open it inside the thread'];
  /** The process is on the other side of pipes that belong to this thread. */
  child: [{ spawnargs: string[]; kill: unknown }, 'the handle of a child process'];
  /** It is in this thread's event loop. */
  timer: [NodeJS.Timeout | NodeJS.Immediate, 'a timer: set it inside the thread'];
}

type Reasons<T> = { [K in keyof Unsendable]: T extends Unsendable[K][0] ? Unsendable[K][1] : never }[keyof Unsendable];
type Primitive = string | number | bigint | boolean | symbol | null | undefined;
type IsAny<T> = 0 extends 1 & T ? true : false;
type Below = [never, 0, 1, 2, 3, 4];

/** `T` if it can be sent as far as types tell, down to four levels; otherwise a type that says what can't. */
export type Sendable<T, Depth extends Below[number] = 4> =
  IsAny<T> extends true
    ? T
    : unknown extends T
      ? T
      : [Depth] extends [never]
        ? T
        : T extends Primitive
          ? T
          : T extends { [handle](): unknown }
            ? T
            : T extends { readonly [unsendable]: true }
              ? NotSendable<'its class is marked as one that stays in its thread'>
              : // Map and Set before others: what they hold counts.
                T extends ReadonlyMap<infer K, infer V>
                ? ReadonlyMap<Sendable<K, Below[Depth]>, Sendable<V, Below[Depth]>>
                : T extends ReadonlySet<infer V>
                  ? ReadonlySet<Sendable<V, Below[Depth]>>
                  : [Reasons<T>] extends [never]
                    ? T extends (...args: any[]) => unknown
                      ? T
                      : T extends Date | RegExp | Error | ArrayBufferLike | ArrayBufferView
                        ? T
                        : { [K in keyof T]: Sendable<T[K], Below[Depth]> }
                    : Reasons<T> extends infer Reason extends string
                      ? NotSendable<Reason>
                      : never;
