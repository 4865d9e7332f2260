import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { version } from '../../src/base/version.ts';
import { test } from '../support/test.ts';
import { installed, manifest, project, run, write } from './installed.ts';

/** A library that has brought a copy of the package along, of another version. */
const library = join(project, 'node_modules/library');
const other = join(library, 'node_modules/manycore');
cpSync(installed, other, { recursive: true });
for (const name of Object.keys(manifest.dependencies)) {
  mkdirSync(join(library, 'node_modules', name, '..'), { recursive: true });
  symlinkSync(join(project, 'node_modules', name), join(library, 'node_modules', name));
}
const manifestFile = join(other, 'package.json');
writeFileSync(manifestFile, readFileSync(manifestFile, 'utf8').replace(/"version": "[^"]+"/, '"version": "7.8.9"'));
writeFileSync(join(library, 'package.json'), JSON.stringify({ name: 'library', type: 'module', exports: './index.js' }));
writeFileSync(
  join(library, 'index.js'),
  `import * as threading from 'manycore/threading';
   import * as queue from 'manycore/queue';
   import * as futures from 'manycore/futures';
   import * as multiprocessing from 'manycore/multiprocessing';
   export { threading, queue, futures, multiprocessing };
   export const nameHere = () => threading.currentThread().name;
   export async function double(n) {
     const pool = new futures.ThreadPoolExecutor({ maxWorkers: 1 });
     try {
       return await pool.submit((x) => x * 2, n);
     } finally {
       await pool.shutdown();
     }
   }`,
);

/** The program's own copy. */
write(
  'ours.mjs',
  `export * from 'manycore/threading';
   export * from 'manycore/queue';
   export { gather, wait, asCompleted, ProcessPoolExecutor } from 'manycore/futures';
   export { Process } from 'manycore/multiprocessing';
   import { ThreadPoolExecutor } from 'manycore/futures';
   export const threadPool = new ThreadPoolExecutor({ maxWorkers: 1 });`,
);

test('what another copy of the package shares is refused wherever it is handed over, with both copies by version and place', () => {
  const printed = run(
    'two-copies.mjs',
    `import * as theirs from 'library';
     import { Condition, Lock, Queue, SharedStruct, Thread, gather, wait, asCompleted, threadPool, Process, int32 } from './ours.mjs';
     const queue = new Queue();
     const { threading, futures } = theirs;
     class Mine extends threading.Lock {}
     class Point extends threading.SharedStruct({ x: threading.int32 }) {}
     const pool = new futures.ThreadPoolExecutor({ maxWorkers: 1 });
     const future = pool.submit(() => 1);
     const things = [new threading.Lock(), new Mine(), new Point(), new threading.Local(), new theirs.queue.Queue(), pool, future];
     things.push(new threading.Thread({ target: () => {} }), new theirs.multiprocessing.Lock());
     const lock = new threading.Lock();
     const attempts = things.map((thing) => [thing.constructor.name, () => queue.put({ in: [thing] })]);
     attempts.push(...Object.entries({
       captured: () => new Thread({ target: () => lock.acquireSync() }).start(),
       argument: () => threadPool.submit((thing) => thing, lock),
       process: () => new Process({ target: () => {}, args: [lock] }).start(),
       'the other way': () => new theirs.queue.Queue().put(new Lock()),
       condition: () => new Condition(lock),
       field: () => SharedStruct({ lock: threading.Lock }),
       gather: () => gather([future]),
       wait: () => wait(new Set([future])),
       asCompleted: () => asCompleted((function* () { yield future; })()),
     }));
     for (const [name, attempt] of attempts) {
       const refused = await (async () => attempt())().then(() => null, (error) => error);
       const { code = refused?.name, message = 'worked' } = refused ?? {};
       const places = /of another copy of manycore, (\\S+) in (\\S+); this one is (\\S+) in (\\S+)/.exec(message)?.slice(1) ?? [message];
       console.log(name, code, ...places.map((place) => place.replace(process.cwd() + '/node_modules', '')));
     }
     // Types of fields are plain data: those of another copy do.
     const struct = new (SharedStruct({ x: threading.int32 }))({ x: 5 });
     console.log(struct.x, queue.size, await future);
     await pool.shutdown();
     await threadPool.shutdown();`,
  );
  const [theirs, ours] = ['7.8.9 /library/node_modules/manycore', `${version} /manycore`];
  const from = (name: string, code: string): string => `${name} ${code} ${theirs} ${ours}`;
  assert.deepEqual(printed.trimEnd().split('\n'), [
    ...['Lock', 'Mine', 'Point', 'Local', 'Queue', 'ThreadPoolExecutor', 'Future', 'Thread', 'Lock'].map((name) =>
      from(name, 'E_OTHER_COPY'),
    ),
    ...['captured', 'argument', 'process'].map((name) => from(name, 'E_OTHER_COPY')),
    `the other way E_OTHER_COPY ${ours} ${theirs}`,
    ...['condition', 'field', 'gather', 'wait', 'asCompleted'].map((name) => from(name, 'TypeError')),
    '5 0 1',
  ]);
});

test('copies of the package run beside each other, also in each other’s threads and processes, which are kept all the same', () => {
  const printed = run(
    'beside.mjs',
    `import { double, nameHere, queue } from 'library';
     import { Queue, Thread, threadPool, ProcessPoolExecutor, QueueEmpty } from './ours.mjs';
     console.log(await double(4), await threadPool.map(double, [1, 2, 3]).toArray());
     const processes = new ProcessPoolExecutor({ maxWorkers: 1 });
     console.log(await processes.submit(double, 5));
     await processes.shutdown();
     await threadPool.shutdown();
     const workers = new Queue();
     for (let i = 0; i < 6; i++) {
       const thread = new Thread({ target: async () => {
         const { threadId } = await import('node:worker_threads');
         await workers.put([threadId, nameHere()]);
       } });
       thread.start();
       await thread.join();
     }
     const seen = await workers.getMany(6);
     // In doubt a worker is let go.
     console.log(new Set(seen.map(([id]) => id)).size < 4, seen.every(([id, name]) => name === 'Dummy-' + id));
     try { new queue.Queue().getNoWait(); } catch (error) { console.log(error instanceof QueueEmpty); }`,
  );
  assert.equal(printed, '8 [ 2, 4, 6 ]\n10\ntrue true\ntrue\n');
});

test('a lock is one for a thread of another copy, too: busy while it holds it, abandoned when it dies', () => {
  const printed = run(
    'lock-beside.mjs',
    `import { threading } from 'library';
     import { RLock, toMessage } from './ours.mjs';
     const lock = new RLock({ name: 'A' });
     const turns = new Int32Array(new SharedArrayBuffer(8));
     const hold = async (message, turns, dies) => {
       const { fromMessage } = await import('./ours.mjs');
       const lock = fromMessage(message);
       lock.acquireSync();
       Atomics.store(turns, 0, 1);
       Atomics.notify(turns, 0);
       if (dies) process.exit(3);
       Atomics.wait(turns, 1, 0);
       lock.release();
     };
     const holder = new threading.Thread({ target: hold, args: [toMessage(lock), turns, false] });
     holder.start();
     Atomics.wait(turns, 0, 0);
     console.log(lock.tryAcquire());
     Atomics.store(turns, 1, 1);
     Atomics.notify(turns, 1);
     await holder.join();
     console.log(lock.tryAcquire() === lock);
     lock.release();
     const dying = new threading.Thread({ target: hold, args: [toMessage(lock), turns, true] });
     dying.start();
     await dying.join().catch(() => {});
     await lock.acquire().catch((error) => console.log(error.name));`,
  );
  assert.equal(printed, 'null\ntrue\nAbandonedLockError\n');
});
