import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { after, test } from '../support/test.ts';

const folder = mkdtempSync(join(tmpdir(), 'manycore-tsx-'));
after(() => rmSync(folder, { recursive: true }));
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const at = (path: string): string => JSON.stringify(new URL(`../../src/${path}/index.js`, import.meta.url).href);

function runTypeScript(text: string): string {
  const file = join(folder, 'program.mts');
  writeFileSync(file, text);
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', tsx, file], { encoding: 'utf8', timeout: 60_000 });
  assert.equal(stderr, '');
  return stdout;
}

test('under tsx, which compiles what is required, threads and processes use the same modules as the program', () => {
  const output = runTypeScript(`
    import { Thread, Lock, currentThread } from ${at('threading')};
    import { Queue } from ${at('queue')};
    import { Process, Queue as ProcessQueue } from ${at('multiprocessing')};
    const lock: Lock = new Lock(), queue = new Queue<string>(), far = new ProcessQueue<string>();
    const thread = new Thread({ name: 'worker', target: (n: number) => { lock.acquireSync(); queue.putSync(currentThread().name + n); lock.release(); }, args: [1] });
    thread.start();
    await thread.join();
    console.log(await queue.get(), lock.locked);
    const child = new Process({ target: (word: string) => far.putSync(word), args: ['from afar'] });
    child.start();
    await child.join();
    console.log(child.exitCode, await far.get());`);
  assert.equal(output, 'worker1 false\n0 from afar\n');
});
