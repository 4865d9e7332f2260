/*
 * The first code in the worker that asks the others for their recordings: who wants them may be blocked, and so may they.
 */
import { Session } from 'node:inspector';
import { parentPort } from 'node:worker_threads';
import { channelOf, evaluateIn } from '../host/thread/evaluate.ts';
import { FLUSH_EXPRESSION, PATIENCE_MS } from './flush-expression.ts';
import type { Question } from './watcher.ts';

parentPort!.on('message', ({ thread, answered }: Question) => {
  const session = new Session();
  session.connectToMainThread();
  void evaluateIn(channelOf(session), thread === 'workers' ? thread : [thread], FLUSH_EXPRESSION, PATIENCE_MS).then(() => {
    session.disconnect();
    const word = new Int32Array(answered);
    Atomics.store(word, 0, 1);
    Atomics.notify(word, 0);
  });
});
