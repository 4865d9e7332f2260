import assert from 'node:assert/strict';
import { emit, type Executor } from '../../src/futures/index.ts';
import { SHORT } from '../support/patience.ts';
import { test } from '../support/test.ts';
import { until } from '../support/until.ts';

export interface Backend {
  /** Where its tasks run. */
  readonly place: string;
  /** A pool of one worker. */
  readonly pool: () => Executor;
  /** Something that its tasks count with, and the test sees. */
  readonly counter: () => { add(by: number): number; readonly value: number };
  /** How many values a stream makes when one of them has been read, and by how many it is ahead of its reader at most. */
  readonly ahead: { readonly begun: number; readonly most: number };
  /** What the cause of a task's error says of where it was thrown; `null`: there is none. */
  readonly thrownIn: RegExp | null;
}

/** What a task says while it runs, and what it yields, wherever it runs. */
export function saysAndYields({ place, pool: newPool, counter, ahead, thrownIn }: Backend): void {
  test(`a task in a ${place} sends messages while it runs, in order, before its result, for who awaits and for who blocks`, async () => {
    await using pool = newPool();
    const seen: unknown[] = [];
    const view = pool.with({ onMessage: (message: unknown) => void seen.push(message) });
    const count = (n: number): number => {
      for (let i = 0; i < n; i++) emit({ at: i });
      return n;
    };
    assert.equal(await view.submit(count, 3), 3);
    assert.deepEqual(seen, [{ at: 0 }, { at: 1 }, { at: 2 }]);
    seen.length = 0;
    assert.equal(view.submit(count, 2).resultSync(), 2);
    assert.deepEqual(seen, [{ at: 0 }, { at: 1 }]);
    seen.length = 0;
    await view.submit(async () => {
      emit('before');
      await new Promise(setImmediate);
      emit('after');
    });
    assert.deepEqual(seen, ['before', 'after']);
    assert.equal(await pool.submit(() => emit('nobody')), false);
    seen.length = 0;
    assert.equal(await view.submit(count, 20_000), 20_000);
    assert.deepEqual(
      seen,
      Array.from({ length: 20_000 }, (_, at) => ({ at })),
    );
  });

  test(`a listener that throws is reported, and a message that cannot travel fails its task in a ${place}`, async () => {
    await using pool = newPool();
    const deaf = pool.with({
      onMessage: () => {
        throw new Error('reported by a test');
      },
    });
    const done = deaf.submit(() => {
      emit(1);
      return 'done';
    });
    assert.equal(await done, 'done');
    await assert.rejects(async () => await deaf.submit(() => emit(Promise.resolve())), { name: 'SendError' });
  });

  test(`a task in a ${place} that yields is read as it comes`, async () => {
    await using pool = newPool();
    const seen: number[] = [];
    const stream = await pool.submit(function* (n: number) {
      for (let i = 0; i < n; i++) yield i * i;
    }, 100);
    for await (const value of stream) seen.push(value);
    assert.deepEqual(
      seen,
      Array.from({ length: 100 }, (_, i) => i * i),
    );
    const words: string[] = [];
    for await (const word of await pool.submit(async function* () {
      yield 'a';
      await new Promise(setImmediate);
      yield 'b';
    }))
      words.push(word);
    assert.deepEqual(words, ['a', 'b']);
    assert.equal(await pool.submit(() => 'free again'), 'free again');
  });

  test(`a stream of a ${place} runs no more than some values ahead of its reader`, async () => {
    await using pool = newPool();
    const made = counter();
    const stream = await pool.submit(function* () {
      for (;;) yield made.add(1);
    });
    await stream.next();
    await until(() => made.value >= ahead.begun);
    for (let i = 0; i < 100; i++) {
      await stream.next();
      assert.ok(made.value <= i + 2 + ahead.most, `${made.value} were made when ${i + 2} had been read`);
    }
    await stream.return();
    assert.equal(await pool.submit(() => 1), 1);
  });

  test(`leaving the loop ends a task in a ${place} that yields, and an error of it ends the stream`, async () => {
    await using pool = newPool();
    const ended = counter();
    const endless = await pool.submit(async function* () {
      try {
        for (let i = 0; ; i++) {
          await new Promise(setImmediate);
          yield i;
        }
      } finally {
        ended.add(1);
      }
    });
    for await (const value of endless) if (value === 3) break;
    await until(() => ended.value === 1, 'the task to end');
    const broken = await pool.submit(function* () {
      yield 1;
      throw new RangeError('in mid-stream');
    });
    assert.deepEqual(await broken.next(), { value: 1, done: false });
    await assert.rejects(broken.next(), (error) => {
      assert.ok(error instanceof RangeError && error.message === 'in mid-stream');
      if (thrownIn !== null) assert.match(String((error.cause as Error).stack), thrownIn);
      return true;
    });
    assert.equal((await broken.next()).done, true);
    const unsendable = await pool.submit(function* () {
      yield 1;
      yield Promise.resolve();
    });
    assert.equal((await unsendable.next()).value, 1);
    await assert.rejects(unsendable.next(), { name: 'SendError' });
    assert.equal(await pool.submit(() => 'goes on'), 'goes on');
  });
}

/** How tasks that yield end when they have terms. */
export function streamsOnTerms({ place, pool: newPool }: Pick<Backend, 'place' | 'pool'>): void {
  const read = async (stream: PromiseLike<unknown>, note: (value: unknown) => void): Promise<unknown> => {
    try {
      for await (const value of (await stream) as AsyncIterable<unknown>) note(value);
    } catch (error) {
      return error;
    }
    return null;
  };
  const bodies: Readonly<Record<string, () => AsyncGenerator<number>>> = {
    'yields on': async function* () {
      for (let i = 0; ; i++) {
        yield i;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    },
    awaits: async function* () {
      yield 0;
      await new Promise(() => {});
    },
  };

  for (const [what, body] of Object.entries(bodies)) {
    test(`a task in a ${place} that yields, and then ${what}, is ended when its time is up, and when its signal aborts`, async () => {
      await using pool = newPool();
      const late: unknown[] = [];
      const slow = pool.with({ timeout: SHORT }).submit(body);
      assert.equal(((await read(slow, (value) => late.push(value))) as Error).name, 'TimeoutError');
      assert.deepEqual(late, [...late.keys()]);
      const controller = new AbortController();
      const unwanted = pool.with({ signal: controller.signal }).submit(body);
      const reason = new RangeError('enough');
      assert.equal(await read(unwanted, () => controller.abort(reason)), reason);
      assert.equal(await pool.submit(() => 'goes on'), 'goes on');
    });
  }
}
