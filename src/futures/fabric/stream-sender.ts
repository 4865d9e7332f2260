import { type Fabric, STREAM_AHEAD, STREAM_BEGINS, TAKEN, YIELDED } from './layout.ts';
import { iteratorOf, type Stream } from './stream.ts';
import type { Task } from './task.ts';

/** Sends the values of a task's stream, never more than some ahead of the reader. Runs until the stream ends. */
export async function sendStream(
  { i32 }: Fabric,
  slot: number,
  stream: Stream,
  task: () => Task | undefined,
  send: (kind: number, value: unknown) => void,
): Promise<void> {
  // Once the caller has taken note of the task.
  await Promise.resolve();
  const iterator = iteratorOf(stream);
  const mine = task();
  if (mine === undefined) return void iterator.return?.();
  const state = { isStopped: false };
  mine.stop = () => {
    state.isStopped = true;
    void iterator.return?.();
  };
  Atomics.store(i32, slot + TAKEN, 0);
  send(STREAM_BEGINS, null);
  for (let sent = 1; ; sent++) {
    const next = await iterator.next();
    if (state.isStopped || next.done === true) return;
    send(YIELDED, next.value);
    while (!state.isStopped) {
      const taken = Atomics.load(i32, slot + TAKEN);
      if (sent - taken < STREAM_AHEAD) break;
      const { async, value } = Atomics.waitAsync(i32, slot + TAKEN, taken);
      if (async) await value;
    }
    if (state.isStopped) return;
  }
}
