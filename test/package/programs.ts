/** Programs as a user writes them; `types` is what TypeScript adds to them. */
export interface Program {
  readonly name: string;
  readonly imports: readonly (readonly [names: string, from: string])[];
  readonly text: string;
  readonly output: string;
}

export const programs: readonly Program[] = [
  {
    name: 'threading',
    imports: [
      ['Thread, Lock, Event, Barrier, SendError, currentThread, mainThread, enumerate', 'manycore/threading'],
      ['SharedStruct, SharedValue, int32, utf8', 'manycore/threading'],
    ],
    text: `
const factor = 3;
const t = new Thread({ target: (n/*: number*/) => console.log(currentThread().name, n * factor), args: [14], name: 'worker', daemon: false });
t.start();
await t.join();
console.log(await t.join({ timeout: 100 }), t.isAlive, t.name, typeof t.ident, t.daemon);

class Beat extends Thread { run() { console.log('beat'); } }
const beat = new Beat();
beat.start();
await beat.join();

const lock = new Lock();
const held = await lock.acquire();
console.log(held === lock, lock.tryAcquire(), await lock.acquire({ timeout: 10 }));
lock.release();

class Counter extends SharedStruct({ value: int32, name: utf8(32), lock: Lock }) {
  increment() { this.lock.acquireSync(); this.value += 1; this.lock.release(); }
}
const counter = new Counter({ name: 'visits' });
const threads = Array.from({ length: 4 }, () => new Thread({ target: () => { for (let i = 0; i < 1000; i++) counter.increment(); } }));
threads.forEach((thread) => thread.start());
for (const thread of threads) await thread.join();
console.log(counter.name, counter.value);

let hits = 0;
try {
  new Thread({ target: () => { hits++; } }).start();
} catch (error) {
  console.log(error instanceof SendError && error.code);
}
console.log(hits);
for (const thread of enumerate()) if (thread !== mainThread()) await thread.join();
`,
    output: `worker 42\ntrue false worker number false\nbeat\ntrue null null\nvisits 4000\nE_CAPTURED_WRITE\n0\n`,
  },
  {
    name: 'queue',
    imports: [
      ['Queue, LifoQueue, PriorityQueue, SimpleQueue, QueueEmpty', 'manycore/queue'],
      ['Thread', 'manycore/threading'],
    ],
    text: `
const q = new Queue/*<{ url: string }>*/({ maxSize: 100 });
const done = new SimpleQueue/*<string>*/();
const thread = new Thread({ target: async () => {
  for await (const job of q) { await done.put(job.url.toUpperCase()); q.taskDone(); }
} });
thread.start();
for (const url of ['a', 'b', 'c']) await q.put({ url });
await q.join();
q.shutdown();
await thread.join();
console.log(await done.get(), done.getSync(), done.getNoWait());
try { done.getNoWait(); } catch (error) { console.log(error instanceof QueueEmpty); }
const stack = new LifoQueue/*<number>*/();
stack.putSync(1); stack.putSync(2);
console.log(stack.getSync(), stack.size);
const heap = new PriorityQueue/*<readonly [number, string]>*/();
await heap.put([2, 'b']); await heap.put([1, 'a']);
console.log(await heap.get());
`,
    output: `A B C\ntrue\n2 1\n[ 1, 'a' ]\n`,
  },
  {
    name: 'futures',
    imports: [['ThreadPoolExecutor, ProcessPoolExecutor, wait, asCompleted, CancelledError, FIRST_COMPLETED', 'manycore/futures']],
    text: `
const pool = new ThreadPoolExecutor({ maxWorkers: 2 });
const future = pool.submit((a/*: number*/, b/*: number*/) => a ** b, 2, 10);
console.log(await future, await future.result({ timeout: 30000 }), future.resultSync(), await future.exception());
console.log(future.cancelled, future.running, future.done);
const squares = [];
for await (const square of pool.map((x/*: number*/) => x * x, [1, 2, 3], { chunkSize: 64, timeout: 30000, bufferSize: 1000 })) squares.push(square);
console.log(squares, await pool.map((x/*: number*/, y/*: number*/) => x + y, [1, 2], [10, 20]).toArray());
const futures = [1, 2].map((n) => pool.submit((x/*: number*/) => x * 10, n));
let sum = 0;
for await (const f of asCompleted(futures, { timeout: 30000 })) sum += await f;
const { done, notDone } = await wait(futures, { returnWhen: FIRST_COMPLETED });
console.log(sum, done.size, notDone.size);
const endless = pool.submit(() => { for (;;); });
while (!endless.running) await new Promise((resolve) => setTimeout(resolve, 1));
endless.cancel({ running: true });
console.log(await endless.exception().catch((error/*: unknown*/) => error instanceof CancelledError));
await pool.shutdown({ wait: true, cancelFutures: true });
const processes = new ProcessPoolExecutor({ maxWorkers: 1 });
console.log(await processes.submit((x/*: number*/) => x + 1, 41));
await processes.shutdown();
`,
    output: `1024 1024 1024 null\nfalse false true\n[ 1, 4, 9 ] [ 11, 22 ]\n30 2 0\ntrue\n42\n`,
  },
  {
    name: 'multiprocessing',
    imports: [
      [
        'Process, Pool, Queue, Pipe, Lock, Value, Array as SharedArray, currentProcess, cpuCount, int32, float64',
        'manycore/multiprocessing',
      ],
    ],
    text: `
const results = new Queue/*<string>*/();
const total = new Value(int32, 0);
const grid = new SharedArray(float64, 1000);
const p = new Process({
  target: (item/*: string*/, lock/*: Lock*/) => { lock.acquireSync(); total.value += 1; grid.view[999] = 0.5; lock.release(); results.putSync(item + ' ' + currentProcess().name); },
  args: ['tango', new Lock()], name: 'Printer',
});
p.start();
await p.join();
console.log(await results.get(), total.value, grid.view[999], p.exitCode, p.isAlive, cpuCount() > 0);
const pool = new Pool(2);
console.log(await pool.map((n/*: number*/) => n * 2, [5, 10, 20]), await pool.applyAsync((n/*: number*/) => n * 2, [25]).get({ timeout: 30000 }));
pool.close();
await pool.join();
const [left, right] = Pipe();
await left.send('there');
console.log(await right.recv());
left.close();
right.close();
`,
    output: `tango Printer 1 0.5 0 false true\n[ 10, 20, 40 ] 50\nthere\n`,
  },
  {
    name: 'asyncio',
    imports: [
      ['run, createTask, gather, sleep, timeout, TaskGroup, toThread, currentTask, TimeoutError, CancelledError', 'manycore/asyncio'],
    ],
    text: `
await run(async () => {
  const total = await TaskGroup.run(async (group) => {
    const a = group.createTask(async () => { await sleep(1); return 1; }, { name: 'a' });
    const b = group.createTask(async () => 2);
    return (await a) + (await b);
  });
  console.log(total, await gather(() => sleep(2, 'slow'), () => sleep(1, 'quick')));
  console.log(await timeout(10, async () => { await sleep(1e9); }).catch((error/*: unknown*/) => error instanceof TimeoutError));
  console.log(await toThread((n/*: number*/) => n + 1, 1), currentTask() !== null);
  const task = createTask(() => sleep(1e9));
  task.cancel();
  try { await task; } catch (error) { console.log(error instanceof CancelledError); }
});
`,
    output: `3 [ 'slow', 'quick' ]\ntrue\n2 true\ntrue\n`,
  },
  {
    name: 'subprocess',
    imports: [
      ['run, Popen, PIPE, CalledProcessError, pipeline, sh', 'manycore/subprocess'],
      ['signal, alarm, pause, strsignal', 'manycore/signal'],
      ['profile', 'manycore/profile'],
    ],
    text: `
const { stdout } = await run(['echo', 'hello'], { stdout: PIPE, text: true });
console.log(stdout.trim());
await run(['false'], { check: true }).catch((error/*: unknown*/) => console.log(error instanceof CalledProcessError));
const cat = new Popen(['cat', '-'], { stdin: PIPE, stdout: PIPE, text: true });
console.log((await cat.communicate('through stdin to stdout')).stdout);
const lines = [];
for await (const line of pipeline(['printf', 'a:1\\\\nb:2\\\\n'], ['grep', 'b'], ['cut', '-f', '2', '-d:'], { text: true }).lines()) lines.push(line);
console.log(lines, (await sh\`echo \${'two words'} | wc -w\`).stdout.trim());
signal('SIGALRM', (name) => console.log('Received:', name));
alarm(1);
await pause();
console.log(typeof strsignal('SIGTERM'), profile({ print: () => {} })((n/*: number*/) => n + 1)(1));
`,
    output: `hello\ntrue\nthrough stdin to stdout\n[ '2' ] 2\nReceived: SIGALRM\nstring 2\n`,
  },
];

/** A program in TypeScript: what stands in comments for it is part of it. */
export function inTypeScript({ imports, text }: Program): string {
  const head = imports.map(([names, from]) => `import { ${names} } from '${from}';`).join('\n');
  return `${head}\n${text.replaceAll(/\/\*([:<].*?)\*\//g, '$1').replace('{ run() {', '{ override run() {')}`;
}

export function asModule({ imports, text }: Program): string {
  return `${imports.map(([names, from]) => `import { ${names} } from '${from}';`).join('\n')}\n${text}`;
}

/** With `require`, and no top-level await. */
export function asCommonJs({ imports, text }: Program): string {
  const head = imports.map(([names, from]) => `const { ${names.replaceAll(' as ', ': ')} } = require('${from}');`).join('\n');
  return `${head}\nasync function main() {${text}}\nmain();\n`;
}
