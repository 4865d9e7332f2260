import assert from 'node:assert/strict';
import { dismissSpares } from '../../src/host/process/spares.ts';
import * as multiprocessing from '../../src/multiprocessing/index.ts';
import { getAllStartMethods, getContext, Lock, Pool, Process, Queue, Value } from '../../src/multiprocessing/index.ts';
import { programLines } from '../support/program-lines.ts';
import { after, test } from '../support/test.ts';

after(dismissSpares);

test('the methods are listed, the usual one first, and fork is refused with its reason', () => {
  assert.deepEqual(getAllStartMethods(), ['spawn', 'forkserver']);
  assert.throws(() => getContext('fork' as never), {
    name: 'RangeError',
    code: 'ERR_START_METHOD',
    message: /'fork': fork would copy the thread/,
  });
  assert.throws(() => getContext('thread' as never), { code: 'ERR_START_METHOD', message: /There is: spawn, forkserver/ });
  assert.throws(() => multiprocessing.setStartMethod(7 as never), { code: 'ERR_START_METHOD' });
});

test('a method is chosen once, or by force; a look at it is a choice, unless none is allowed', async () => {
  const { lines, stderr } = await programLines(`
    import { getStartMethod, setStartMethod } from 'manycore/multiprocessing';
    console.log(getStartMethod({ allowNone: true }));
    setStartMethod('forkserver');
    console.log(getStartMethod());
    try { setStartMethod('spawn'); } catch (error) { console.log(error.code); }
    setStartMethod('spawn', { force: true });
    console.log(getStartMethod());
    setStartMethod(null, { force: true });
    console.log(getStartMethod({ allowNone: true }), getStartMethod(), getStartMethod({ allowNone: true }));`);
  assert.deepEqual(lines, ['null', 'forkserver', 'ERR_START_METHOD_SET', 'spawn', 'null spawn spawn'], stderr);
});

test('a context is the whole module, bound to its method', () => {
  for (const method of ['spawn', 'forkserver', null] as const) {
    const context = getContext(method) as unknown as Record<string, unknown>;
    const lacks = Object.keys(multiprocessing).filter((name) => !(name in context));
    const onlyOfTheModule = ['ForkServerPool', 'ForkServerProcess', 'SpawnPool', 'SpawnProcess'];
    assert.deepEqual(lacks.toSorted(), onlyOfTheModule);
    assert.equal(getContext(method), context);
  }
  const spawn = getContext('spawn');
  assert.equal(spawn.getStartMethod(), 'spawn');
  assert.equal(spawn.getContext(), spawn);
  assert.equal(spawn.getContext('forkserver').getStartMethod(), 'forkserver');
  assert.throws(() => spawn.setStartMethod('spawn'), { name: 'StateError', code: 'ERR_CONTEXT_METHOD' });
  assert.equal(spawn.Lock, Lock);
  assert.equal(getContext().Process, Process);
  assert.equal(getContext().Pool, Pool);
  assert.ok(new spawn.Process() instanceof Process);
});

test('processes run on another Node when its path is set, and a path of no program is refused', async () => {
  const { lines, stderr } = await programLines(`
    import { copyFileSync, chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
    import { tmpdir } from 'node:os';
    import { join } from 'node:path';
    import { Process, setExecutable } from 'manycore/multiprocessing';
    const folder = mkdtempSync(join(tmpdir(), 'manycore-'));
    const other = join(folder, 'node');
    writeFileSync(other, '#!/bin/sh\\nMC_OTHER=yes exec ' + process.execPath + ' "$@"\\n');
    chmodSync(other, 0o755);
    const child = () => new Process({ target: () => console.log(process.argv0 !== undefined && String(process.env.MC_OTHER)) });
    const run = async (one) => { one.start(); await one.join(); };
    try { setExecutable(join(folder, 'none')); } catch (error) { console.log(error.code); }
    process.env.MC_OTHER = 'as here';
    await run(child());
    delete process.env.MC_OTHER;
    setExecutable(other);
    const one = new Process({ target: async () => {
      const { readFileSync } = await import('node:fs');
      console.log(readFileSync('/proc/self/environ', 'latin1').includes('MC_OTHER=yes'));
    } });
    await run(one);
    rmSync(folder, { recursive: true });`);
  assert.deepEqual(lines, ['ERR_EXECUTABLE', 'as here', 'true'], stderr);
});

test('processes, subclasses and pools of a context run as those of the module, with what processes share', async () => {
  const { Process: SpawnProcess, Pool: SpawnPool } = getContext('spawn');
  const total = new Value(multiprocessing.int32, 0);
  const child = new SpawnProcess({ target: (n: number) => total.add(n), args: [3] });
  child.start();
  await child.join();
  assert.equal(total.value, 3);
  const answers = new Queue<string>();
  class Greeter extends SpawnProcess {
    word = 'hello';
    override run(): void {
      answers.putSync(this.word);
    }
  }
  const greeter = new Greeter();
  greeter.start();
  await greeter.join();
  assert.equal(await answers.get(), 'hello');
  await using pool = new SpawnPool(1);
  assert.deepEqual(await pool.map((n: number) => n + 1, [1, 2]), [2, 3]);
});

test('a process takes over the method of its parent', async () => {
  const { lines, stderr } = await programLines(`
    import { getStartMethod, Process, setStartMethod } from 'manycore/multiprocessing';
    setStartMethod('spawn');
    const child = new Process({ target: () => console.log(getStartMethod({ allowNone: true })) });
    child.start();
    await child.join();`);
  assert.deepEqual(lines, ['spawn'], stderr);
});
