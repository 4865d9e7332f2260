import assert from 'node:assert/strict';
import { dismissCarriers } from '../../src/host/thread/carrier.ts';
import { Queue } from '../../src/queue/index.ts';
import { Event, int32, Local, Once, SharedValue, Thread, Timer } from '../../src/threading/index.ts';
import { SHORT } from '../support/patience.ts';
import { collectGarbage } from '../support/garbage.ts';
import { after, test } from '../support/test.ts';
import { until } from '../support/until.ts';

after(dismissCarriers);

async function inThreads<T>(count: number, body: (results: Queue<T>) => void): Promise<T[]> {
  const results = new Queue<T>();
  const threads = Array.from({ length: count }, () => new Thread({ target: body, args: [results] }));
  for (const thread of threads) thread.start();
  for (const thread of threads) await thread.join();
  return results.getMany(count);
}

test('of many threads one does it, and all go on when it is done', async () => {
  const once = new Once();
  const times = new SharedValue(int32, 0);
  const seen = await inThreads<number>(4, (results) => {
    once.callSync(() => times.add(1));
    results.putSync(times.value);
  });
  assert.deepEqual(seen, [1, 1, 1, 1]);
  assert.equal(once.isDone, true);
  assert.equal(await once.call(() => assert.fail('a second time')), true);
});

test('when it throws, it is not done, and the next one does it', async () => {
  const once = new Once();
  await assert.rejects(
    once.call(() => Promise.reject(new Error('not yet'))),
    /not yet/,
  );
  assert.throws(() => once.callSync(() => assert.fail('nor now')), /nor now/);
  assert.equal(once.isDone, false);
  let done = 0;
  assert.equal(
    once.callSync(() => done++),
    true,
  );
  assert.equal(done, 1);
});

test('when the thread that does it dies, the next one does it; who waits may give up', async () => {
  const once = new Once();
  const begun = new Event();
  const thread = new Thread({
    target: () =>
      once.callSync(() => {
        begun.set();
        new Event().waitSync();
      }),
  });
  thread.start();
  await begun.wait();
  assert.equal(await once.call(() => {}, { timeout: SHORT }), false);
  await thread.terminate();
  let done = 0;
  assert.equal(await once.call(() => done++), true);
  assert.equal(done, 1);
});

test('a timer runs its function once, with its arguments, in a thread of its own [TMR-01]', async () => {
  const results = new Queue();
  const timer = new Timer(1, (...args: unknown[]) => results.putSync(args), { args: [1, 'two'], name: 'alarm' });
  assert.equal(timer.name, 'alarm');
  timer.start();
  assert.deepEqual(await results.get(), [1, 'two']);
  await timer.join();
  assert.equal(timer.finished.isSet(), true);
  assert.equal(results.size, 0);
  const args: unknown[] = [];
  const one = new Timer(1, (...given: unknown[]) => given, { args });
  args.push('later');
  assert.deepEqual(one.args, []);
});

test('a timer that is cancelled in time does not run its function [TMR-02]', async () => {
  const results = new Queue();
  const timer = new Timer(60_000, () => results.putSync('too late'));
  timer.start();
  timer.cancel();
  await timer.join();
  assert.equal(results.size, 0);
});

test('a timer refuses what is no interval and no function', () => {
  assert.throws(() => new Timer(-1, () => {}), { name: 'RangeError' });
  assert.throws(() => new Timer(Number.NaN, () => {}), { name: 'RangeError' });
  assert.throws(() => new Timer(1, 'text' as never), { name: 'TypeError' });
});

test('a value of one thread is invisible in another, although the object is the same [LOC-01]', async () => {
  const local = new Local();
  local['value'] = 1000;
  const seen = await inThreads<unknown>(3, (results) => {
    const before = local['value'];
    local['value'] = Math.random();
    results.putSync([before, typeof local['value'], Object.keys(local)]);
  });
  assert.deepEqual(
    seen,
    Array.from({ length: 3 }, () => [undefined, 'number', ['value']]),
  );
  assert.equal(local['value'], 1000);
  delete local['value'];
  assert.equal('value' in local, false);
});

test('the constructor of a subclass sets up the values of every thread, with its arguments [LOC-02]', async () => {
  class Numbered extends Local {
    declare value: number;
    list: unknown[] = [];
    constructor(start: number) {
      super(start);
      this.value = start;
    }
    next(): number {
      return ++this.value;
    }
  }
  const local = new Numbered(40);
  local.next();
  assert.equal(local.next(), 42);
  local.list.push('mine');
  const seen = await inThreads<unknown>(2, (results) => results.putSync([local.next(), local.list]));
  assert.deepEqual(seen, [
    [41, []],
    [41, []],
  ]);
  assert.equal(local.value, 42);
});

test('arguments are refused where no constructor takes them [LOC-03]', () => {
  assert.throws(() => new Local(1), { name: 'TypeError' });
});

test('values die with their object [LOC-04]', async () => {
  const collected: string[] = [];
  const watch = new FinalizationRegistry<string>((what) => void collected.push(what));
  (() => {
    const local = new Local();
    const value = { large: true };
    watch.register(value, 'the value');
    local['value'] = value;
  })();
  await until(() => {
    collectGarbage();
    return collected.length === 1;
  }, 'the value goes with its object');
});

test('values die with their thread: the next one in the same worker begins anew [LOC-04]', async () => {
  const local = new Local();
  for (let i = 0; i < 3; i++) {
    const [seen] = await inThreads<unknown>(1, (results) => {
      results.putSync(local['value'] ?? 'none');
      local['value'] = 'left behind';
    });
    assert.equal(seen, 'none');
  }
});
