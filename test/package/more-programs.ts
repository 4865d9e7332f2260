import type { Program } from './programs.ts';

/** What else a user types: terms of tasks, pipelines of commands with real pipes, signals, shared conditions, and a cluster's stand-in. */
export const morePrograms: readonly Program[] = [
  {
    name: 'terms',
    imports: [['ThreadPoolExecutor, FIRST_COMPLETED, wait', 'manycore/futures']],
    text: `
const pool = new ThreadPoolExecutor({ maxWorkers: 1, initializer: () => {}, maxTasksPerWorker: 1000, resourceLimits: { maxOldGenerationSizeMb: 256 } });
const { signal } = new AbortController();
const buffer = new ArrayBuffer(8);
console.log(await pool.with({ timeout: 60000, signal, priority: 5, retries: 2, transfer: [buffer] }).submit((b/*: ArrayBuffer*/) => b.byteLength, buffer), buffer.byteLength);
const future = pool.submit(() => 'done');
const called = new Promise/*<unknown>*/((resolve) => future.addDoneCallback((f) => resolve(f === future)));
console.log(await future, await called);
const { done, notDone } = await wait([future], { returnWhen: FIRST_COMPLETED });
console.log(done.has(future), notDone.size);
await pool.shutdown();
`,
    output: `8 0\ndone true\ntrue 0\n`,
  },
  {
    name: 'primitives',
    imports: [['Thread, Condition, Semaphore, Barrier, Event, SharedValue, SharedArray, int32', 'manycore/threading']],
    text: `
const ready = new Condition();
const stage = new SharedValue(int32, 0);
const meeting = new Barrier(2);
const ended = new Event();
const permits = new Semaphore(1);
const seen = new SharedArray(int32, 2);
const thread = new Thread({ target: async () => {
  await ready.acquire();
  await ready.waitFor(() => stage.value === 1);
  ready.release();
  await meeting.wait();
  permits.acquireSync();
  seen.view[0] = 7;
  permits.release();
  ended.set();
} });
thread.start();
await ready.acquire();
stage.value = 1;
ready.notifyAll();
ready.release();
await meeting.wait();
console.log(await ended.wait(), seen.view[0], seen.length);
await thread.join();
`,
    output: `true 7 2\n`,
  },
  {
    name: 'commands',
    imports: [
      ['run, Popen, PIPE, STDOUT, DEVNULL', 'manycore/subprocess'],
      ['raiseSignal, signal, getSignal, SIG_DFL, SIG_IGN', 'manycore/signal'],
    ],
    text: `
const first = new Popen(['printf', 'a:b:1\\\\nthis is a text:b:2\\\\n'], { stdout: PIPE });
const grep = new Popen(['grep', 'this is a text'], { stdin: first.stdout, stdout: PIPE });
const cut = new Popen(['cut', '-f', '3', '-d:'], { stdin: grep.stdout, stdout: PIPE, text: true });
for await (const line of cut.stdout.lines()) console.log(line.trim());
console.log(await first.wait(), await grep.wait(), await cut.wait());
console.log((await run(['sh', '-c', 'echo told >&2'], { stdout: PIPE, stderr: STDOUT, text: true })).stdout.trim());
console.log((await run(['true'], { stdout: DEVNULL })).returnCode);
const received = new Promise/*<number>*/((resolve) => signal('SIGUSR2', (name, number) => resolve(number)));
raiseSignal('SIGUSR2');
console.log(await received);
signal('SIGUSR2', SIG_IGN);
console.log(getSignal('SIGUSR2') === SIG_IGN);
signal('SIGUSR2', SIG_DFL);
`,
    output: `2\n0 0 0\ntold\n0\n12\ntrue\n`,
  },
  {
    name: 'cluster',
    imports: [['SlurmExecutor', 'manycore/slurm']],
    text: `
const cluster = new SlurmExecutor({ launcher: 'local', nodes: 1, workersPerNode: 1 });
console.log(await cluster.submit((x/*: number*/) => x * x, 12));
const results = [];
for await (const r of cluster.map((x/*: number*/) => x + 1, [1, 2, 3], { chunkSize: 2 })) results.push(r);
console.log(results);
await cluster.shutdown();
`,
    output: `144\n[ 2, 3, 4 ]\n`,
  },
];
