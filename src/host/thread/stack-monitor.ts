/*
 * The first code in the worker that reads the stacks of other threads: the thread that asks may be blocked, and a session of the main
 * thread's own would keep the process from ending. It stays when it has answered: Node aborts when the main thread has something to
 * tell a worker that is no more, and closing a session is one of these things.
 */
import { Session } from 'node:inspector';
import { parentPort, workerData } from 'node:worker_threads';
import { adoptHeap } from '../../word/heap.ts';
import { type RawStacks, readStacks } from './stack-reader.ts';
import { closeSession, openSession } from './stack-sessions.ts';

export interface StackRequest {
  readonly threads: readonly number[];
  readonly timeout: number;
  /** Word 0: 0, then ANSWERED; word 1: the length of the answer, which follows as JSON. */
  readonly answer: SharedArrayBuffer;
}
adoptHeap((workerData as { readonly heap: SharedArrayBuffer }).heap);
const ANSWERED = 1;
const HEADER = 8;

parentPort!.on('message', ({ threads, timeout, answer }: StackRequest) => {
  const session = new Session();
  if (!openSession(session)) return;
  session.connectToMainThread();
  const reply = (found: RawStacks): void => {
    const whole = Buffer.from(JSON.stringify(found));
    const bytes =
      whole.length <= answer.byteLength - HEADER ? whole : Buffer.from(JSON.stringify(found.map((frames) => frames?.slice(0, 20) ?? null)));
    Buffer.from(answer, HEADER).set(bytes);
    const words = new Int32Array(answer, 0, 2);
    words[1] = bytes.length;
    Atomics.store(words, 0, ANSWERED);
    Atomics.notify(words, 0);
  };
  // A main thread that runs native code answers nothing at all: whoever asks is told in time all the same.
  const limit = setTimeout(() => reply(threads.map(() => null)), timeout + 100);
  void readStacks(session, threads, timeout).then((found) => {
    clearTimeout(limit);
    closeSession(session);
    reply(found);
  });
});
