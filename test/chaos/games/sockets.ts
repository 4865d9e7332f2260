import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import {
  AuthenticationError,
  BrokenPipeError,
  Client,
  ConnectionBrokenError,
  ConnectionRefusedError,
  EndOfFileError,
  Listener,
} from '../../../src/multiprocessing/index.ts';
import { type Arena, type Game, told } from '../arena.ts';

/*
 * A client and a server of multiprocessing, and between them somebody who cuts their sockets after any number of bytes. What holds: a
 * message arrives whole or not at all, in its order, and once; both sides are told, by an error that says so.
 */
const KINDS = [EndOfFileError, ConnectionBrokenError, BrokenPipeError, ConnectionRefusedError, AuthenticationError];
const isOfAConnection = (error: unknown): boolean => KINDS.some((kind) => error instanceof kind);
const AUTH = 'a secret';

/** Carries bytes from one socket to the other, and cuts both after `budget()` bytes. */
async function cutter(port: number, arena: Arena, budget: () => number): Promise<Server> {
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    let left = budget();
    const cut = (hard: boolean): void => {
      for (const socket of [near, far])
        if (hard) socket.resetAndDestroy();
        else socket.destroy();
    };
    const carry = (from: Socket, to: Socket): void => {
      from.on('data', (bytes) => {
        if (bytes.length < left) {
          left -= bytes.length;
          if (!to.destroyed) to.write(bytes);
          return;
        }
        arena.fault('a socket cut in the midst of its bytes');
        const hard = arena.random.oneIn(2);
        if (to.destroyed) cut(hard);
        else to.write(bytes.subarray(0, left), () => cut(hard));
        left = 0;
      });
      from.on('end', () => to.end());
      from.on('error', () => to.destroy());
    };
    carry(near, far);
    carry(far, near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const body = (n: number): string => `${n}:`.padEnd(20 + ((n * 7919) % 3000), String(n));

export const sockets: Game = async (arena) => {
  const { random, moves, did, must } = arena;
  const listener = new Listener(['127.0.0.1', 0], { authKey: AUTH });
  const server = await cutter((listener.address as readonly [string, number])[1], arena, () => random.below(40_000));
  const port = (server.address() as AddressInfo).port;

  /** Answers each message with itself, until its socket is cut. */
  const serve = async (connection: Awaited<ReturnType<Listener['accept']>>): Promise<void> => {
    let last = -1;
    try {
      for (;;) {
        const message = (await connection!.recv()) as { n: number; text: string };
        must(message.text === body(message.n), `message ${message.n} arrived with other bytes`);
        must(last === -1 || message.n === last + 1, `after message ${last} came ${message.n}`);
        last = message.n;
        await connection!.send(message);
      }
    } catch (error) {
      must(isOfAConnection(error), `the server was told: ${told(error)}`);
    } finally {
      connection!.close();
    }
  };
  const serving: Promise<void>[] = [];
  const end = new AbortController();
  const accepting = (async () => {
    while (!end.signal.aborted) {
      try {
        serving.push(serve(await listener.accept()));
      } catch (error) {
        if (end.signal.aborted) return;
        must(isOfAConnection(error), `accept was told: ${told(error)}`);
      }
    }
  })();

  let n = 0;
  for (let move = 0; move < moves; move++) {
    let connection: Awaited<ReturnType<typeof Client>> | null = null;
    try {
      connection = await Client(['127.0.0.1', port], { authKey: AUTH });
      for (;;) {
        await connection.send({ n, text: body(n) });
        const answer = (await connection.recv()) as { n: number; text: string };
        must(answer.n === n && answer.text === body(n), `the answer to ${n} is ${answer.n}`);
        did('messages through sockets that are cut');
        n++;
      }
    } catch (error) {
      must(isOfAConnection(error), `the client was told: ${told(error)}`);
      n++;
    } finally {
      connection?.close();
    }
  }
  end.abort();
  server.close();
  listener.close();
  await accepting;
  await Promise.all(serving);
};
