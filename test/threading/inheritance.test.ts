import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  currentThread,
  getIdent,
  getNativeId,
  getProfile,
  getTrace,
  mainThread,
  SendError,
  setProfile,
  setTrace,
  stackSize,
  Thread,
} from '../../src/threading/index.ts';
import { Queue } from '../../src/queue/index.ts';
import { programLines } from '../support/program-lines.ts';
import { test } from '../support/test.ts';

const requestId = new AsyncLocalStorage<string>();

test('a thread has a number of its own, which getIdent gives inside it, and one that the system gave', async () => {
  const seen = new Queue<number | null>();
  const thread = new Thread({ target: () => seen.putManySync([getIdent(), getNativeId(), currentThread().ident]) });
  assert.deepEqual([thread.ident, thread.nativeId], [null, null]);
  thread.start();
  assert.equal(typeof thread.ident, 'number');
  await thread.join();
  const [ident, nativeId, same] = await seen.getMany(3);
  assert.equal(ident, thread.ident);
  assert.equal(same, thread.ident);
  assert.notEqual(ident, getIdent());
  assert.equal(getIdent(), mainThread().ident);
  if (process.platform === 'linux') {
    assert.equal(getNativeId(), process.pid);
    assert.equal(typeof nativeId, 'number');
    assert.notEqual(nativeId, process.pid);
  } else assert.equal(nativeId, null);
});

test('a name may be anything that has a text; an empty one counts for none [THR-01]', () => {
  assert.equal(new Thread({ name: 123 as unknown as string }).name, '123');
  assert.match(new Thread({ name: '' }).name, /^Thread-\d+$/);
});

test('a thread begins with the values of the storages that context names, and without it with none', async () => {
  const seen = new Queue<string>();
  const target = (): void => seen.putSync(requestId.getStore() ?? 'none');
  await requestId.run('42', async () => {
    for (const context of [() => [requestId], undefined, null]) {
      const thread = new Thread({ target, context });
      thread.start();
      await thread.join();
    }
  });
  const outside = new Thread({ target, context: () => [requestId] });
  outside.start();
  await outside.join();
  assert.deepEqual(await seen.getMany(4), ['42', 'none', 'none', 'none']);
});

test('the value of a storage is there after each await, and in threads that the thread starts, when they ask for it', async () => {
  const seen = new Queue<string>();
  const thread = new Thread({
    target: async () => {
      await new Promise((resolve) => setImmediate(resolve));
      seen.putNoWait(requestId.getStore() ?? 'none');
      const inner = new Thread({ target: () => seen.putSync(requestId.getStore() ?? 'none'), context: () => [requestId] });
      inner.start();
      await inner.join();
    },
    context: () => [requestId],
  });
  requestId.run('7', () => thread.start());
  await thread.join();
  assert.deepEqual(await seen.getMany(2), ['7', '7']);
});

test('a value of a storage that cannot travel is told by its place, and nothing has started', () => {
  const sockets = new AsyncLocalStorage<unknown>();
  const thread = new Thread({ target: () => {}, context: () => [sockets] });
  sockets.run({ answer: Promise.resolve(1) }, () =>
    assert.throws(
      () => thread.start(),
      (error) => error instanceof SendError && error.code === 'E_PROMISE' && /\.values.*\[0\].*\.answer/.test(error.message),
    ),
  );
  assert.equal(thread.ident, null);
  assert.throws(() => new Thread({ context: [sockets] as never }).start(), { name: 'TypeError', message: /must be a function/ });
  assert.throws(() => new Thread({ context: () => [1] as never }).start(), { name: 'TypeError', message: /number 0 is number/ });
});

test('the hook of setProfile runs around each thread that is started afterwards, and around theirs', async () => {
  const seen = new Queue<string>();
  setProfile((thread) => {
    seen.putNoWait(`begin ${thread.name}`);
    return () => seen.putNoWait(`end ${thread.name}`);
  });
  try {
    const outer = new Thread({
      name: 'outer',
      target: async () => {
        const inner = new Thread({
          name: 'inner',
          target: () => {
            throw new Error('told by the hook for errors, which is silent here');
          },
        });
        inner.start();
        await inner.join();
      },
    });
    assert.equal(typeof getProfile(), 'function');
    outer.start();
    await outer.join();
  } finally {
    setProfile(null);
  }
  const none = new Thread({ target: () => {} });
  none.start();
  await none.join();
  assert.deepEqual(await seen.getMany(5), ['begin outer', 'begin inner', 'end inner', 'end outer']);
});

test('V8 traces no lines: a function is refused, and what to do instead is said', () => {
  assert.throws(() => setTrace((() => {}) as never), { name: 'StateError', code: 'ERR_NO_TRACE', message: /thread\.stack\(\)/ });
  setTrace(null);
  assert.equal(getTrace(), null);
  for (const set of [setTrace, setProfile]) assert.throws(() => set(1 as never), { name: 'TypeError' });
});

test('threads have as much stack as was asked for', async () => {
  const { lines } = await programLines(`import * as threading from 'manycore/threading'; const { Thread, stackSize } = threading;
     const depth = () => { let n = 0; const down = () => { n++; down(); }; try { down(); } catch {} console.log(n); };
     const run = async () => { const t = new Thread({ target: depth }); t.start(); await t.join(); };
     await run();
     console.log(stackSize(32 << 20)); await run(); console.log(stackSize());
     await (async () => { const t = new Thread({ target: run }); t.start(); await t.join(); })();
     stackSize(0); await run();
     const own = new Thread({ target: depth, resourceLimits: { stackSizeMb: 32 } }); own.start(); await own.join();`);
  const [usual, before, large, now, inner, again, own] = lines.map(Number);
  assert.deepEqual([before, now], [0, 32 << 20]);
  for (const deep of [large, inner, own]) assert.ok(deep! > usual! * 4, `${deep} calls deep, instead of ${usual}`);
  assert.ok(again! < usual! * 4);
});

test('a size of the stack that no thread could have is refused', () => {
  for (const bytes of [-1, 1, 1000, NaN, 1.5, 2 ** 40])
    assert.throws(() => stackSize(bytes), { name: 'RangeError', code: 'ERR_STACK_SIZE' });
  assert.equal(stackSize(), 0);
});

test('the hook for errors gets class, value, stack and thread, also for what is no error [THR-12]', async () => {
  const { lines, stderr } =
    await programLines(`import * as threading from 'manycore/threading'; const { Thread, setExcepthook, excepthook } = threading;
     class Mine extends Error {}
     setExcepthook(({ excType, excValue, excTraceback, thread }) => console.log(excType?.name, String(excValue), typeof excTraceback, thread.name));
     for (const fail of [() => { throw new Mine('m'); }, () => { throw 'text'; }, () => { throw null; }, async () => { throw new RangeError('r'); }]) {
       const t = new Thread({ target: fail, name: 'w' }); t.start(); await t.join();
     }
     setExcepthook(() => { throw new Error('the hook'); });
     const t = new Thread({ target: () => { throw new Error('the thread'); }, name: 'w' }); t.start(); await t.join();
     setExcepthook(null);
     excepthook({ excType: Error, excValue: new Error('by hand'), excTraceback: '', thread: threading.currentThread() });`);
  assert.deepEqual(lines, [
    'Mine Error: m string w',
    'String text undefined w',
    'undefined null undefined w',
    'RangeError RangeError: r string w',
  ]);
  assert.match(
    stderr,
    /^Exception in the excepthook, for an error in thread w:\nError: the hook\n[^]*Error: the thread\n[^]*Exception in thread MainThread:\nError: by hand/,
  );
});
