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
  const head = imports.map(([names, from]) => `const { ${names} } = require('${from}');`).join('\n');
  return `${head}\nasync function main() {${text}}\nmain();\n`;
}
