import { spawn } from 'node:child_process';
import net from 'node:net';
import { expectTypeOf } from 'expect-type';
import type { NotSendable, Sendable, unsendable } from '../../src/threading/index.ts';
import { Lock, Thread } from '../../src/threading/index.ts';
import { Queue } from '../../src/queue/index.ts';
import { test } from '../support/test.ts';

class Point {
  x = 1;
  norm(): number {
    return this.x;
  }
}
class Database {
  declare readonly [unsendable]: true;
  connected = true;
}

/** Compiled, and never called: its errors are what is tested. */
export function types(): void {
  // Accepted, with the arguments' types inferred.
  void new Thread({ target: (n: number, s: string) => n + s.length, args: [1, 'x'] });
  void new Thread({ target: (p: Point, m: Map<string, number[]>) => p.norm() + m.size, args: [new Point(), new Map([['a', [1]]])] });
  void new Thread({ target: (f: (x: number) => number) => f(1), args: [(x) => x + 1] });
  void new Thread({ target: (lock: Lock, queue: Queue<number>) => [lock, queue], args: [new Lock(), new Queue<number>()] });
  void new Thread({ target: (port: unknown) => port, args: [1 as unknown] });

  // @ts-expect-error -- a socket
  void new Thread({ target: (socket: net.Socket) => socket, args: [new net.Socket()] });
  // @ts-expect-error -- a promise
  void new Thread({ target: (promise: Promise<number>) => promise, args: [Promise.resolve(1)] });
  // @ts-expect-error -- a timer
  void new Thread({ target: (timer: NodeJS.Timeout) => timer, args: [setTimeout(() => {}, 1)] });
  // @ts-expect-error -- a child process
  void new Thread({ target: (child: object) => child, args: [spawn('true')] as [ReturnType<typeof spawn>] });
  // @ts-expect-error -- a WeakRef, three levels down
  void new Thread({ target: (o: { a: { b: WeakRef<object> }[] }) => o, args: [{ a: [{ b: new WeakRef({}) }] }] });
  // @ts-expect-error -- a class that says so
  void new Thread({ target: (database: Database) => database, args: [new Database()] });
  // @ts-expect-error -- in a Map
  void new Thread({ target: (m: Map<string, Promise<void>>) => m, args: [new Map<string, Promise<void>>()] });
}

test('the type of what can not be sent says why', () => {
  expectTypeOf<Sendable<Promise<number>>>().toEqualTypeOf<NotSendable<'a Promise: await it first, and send its value'>>();
  expectTypeOf<Sendable<number>>().toEqualTypeOf<number>();
  expectTypeOf<Sendable<Lock>>().toEqualTypeOf<Lock>();
});
