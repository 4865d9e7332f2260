import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { gather, run, sleep } from '../../src/asyncio/index.ts';
import { Popen } from '../../src/subprocess/index.ts';
import { Profile } from '../../src/profile/index.ts';
import { Lock, Thread } from '../../src/threading/index.ts';
import { mark, span, timelinePage, Trace, type TraceEvent } from '../../src/trace/index.ts';
import { after, test } from '../support/test.ts';

const folder = mkdtempSync(join(tmpdir(), 'manycore-trace-test-'));
after(() => rmSync(folder, { recursive: true }));

type Lasting = Extract<TraceEvent, { ph: 'X' }>;
const lasting = (trace: Trace): Lasting[] => trace.file.traceEvents.filter((event): event is Lasting => event.ph === 'X');
const named = (trace: Trace, name: string): Lasting => {
  const found = lasting(trace).find((event) => event.name === name);
  assert.ok(
    found,
    `no ${name} among ${lasting(trace)
      .map((event) => event.name)
      .join(', ')}`,
  );
  return found;
};

test('a trace has spans of the program, nested, with their errors, and its marks', async () => {
  using trace = new Trace().start();
  assert.equal(
    span('outer', () => span('inner', () => 3)),
    3,
  );
  assert.throws(() => span('fails', () => assert.fail('no luck')), /no luck/);
  await assert.rejects(
    span('fails later', async () => {
      await sleep(1);
      throw new TypeError('too late');
    }),
    TypeError,
  );
  {
    using _block = span('block');
    mark('here', { n: 1n });
  }
  trace.stop();
  const [outer, inner] = [named(trace, 'outer'), named(trace, 'inner')];
  assert.ok(outer.ts <= inner.ts && inner.ts + inner.dur <= outer.ts + outer.dur + 0.1);
  assert.match(String(named(trace, 'fails').args['failure']), /AssertionError: no luck/);
  assert.equal(named(trace, 'fails later').args['failure'], 'TypeError: too late');
  assert.equal(named(trace, 'outer').args['failure'], undefined);
  const here = trace.file.traceEvents.find(({ name }) => name === 'here') as Extract<TraceEvent, { ph: 'i' }>;
  assert.equal(here.args['detail'], '{ n: 1n }');
  assert.ok(here.ts >= named(trace, 'block').ts);
});

test('tasks of asyncio, commands, waits for locks and what performance.measure says are in it', async () => {
  const lock = new Lock({ name: 'door' });
  const trace = new Trace({ name: 'mine' }).start();
  await run(async function all() {
    await gather(sleep(5), sleep(10));
  });
  const command = new Popen([process.execPath, '-e', 'process.exit(3)']);
  await command.wait();
  lock.acquireSync();
  const thread = new Thread({ target: () => lock.acquireSync() && lock.release() });
  thread.start();
  setTimeout(() => lock.release(), 20);
  await thread.join();
  performance.measure('span of Node', { start: performance.now() - 5 });
  trace.stop();
  const kinds = new Map(lasting(trace).map(({ cat, name }) => [cat, name]));
  assert.match(kinds.get('task') ?? '', /^Task-\d+$/);
  const ran = named(trace, kinds.get('command') ?? 'command');
  assert.deepEqual([ran.cat, ran.args['failure']], ['command', 'exit code 3']);
  const join = lasting(trace).find(({ cat, args }) => cat === 'await' && String(args['where']).includes('trace.test'));
  assert.ok(join, 'the join is awaited at its place in this file');
  assert.equal(named(trace, 'span of Node').cat, 'measure');
  assert.deepEqual(
    trace.file.traceEvents.find(({ name }) => name === 'process_name'),
    { ph: 'M', name: 'process_name', pid: process.pid, tid: 0, args: { name: 'mine' } },
  );
});

test('it goes on after a stop, tells of what has not ended, and shares a thread with no profile', () => {
  const trace = new Trace().start();
  const open = span('open');
  assert.equal(named(trace, 'open').args['failure'], 'has not ended');
  assert.equal(trace.isRecording, true, 'looking at it does not end it');
  open[Symbol.dispose]();
  assert.equal(named(trace, 'open').args['failure'], undefined);
  assert.throws(() => new Trace().start(), { name: 'StateError', code: 'ERR_TRACE_ACTIVE' });
  trace.stop();
  span('unseen', () => {});
  mark('unseen');
  assert.ok(!trace.file.traceEvents.some(({ name }) => name === 'unseen'));
  trace.start();
  span('again', () => {});
  trace.stop();
  assert.equal(lasting(trace).filter(({ cat }) => cat === 'run').length, 2);
  using _profile = new Profile().enable();
  assert.throws(() => new Trace().start(), /a profile or another trace records/);
});

test('it is written as JSON, and as a page whose script is sound and that no name can break out of', () => {
  const trace = new Trace({ name: '</title><b>"' }).start();
  span('</script><script>alert(1)</script>', () => {});
  trace.stop();
  trace.write(join(folder, 'trace.json')).write(join(folder, 'trace.html'));
  assert.deepEqual(JSON.parse(readFileSync(join(folder, 'trace.json'), 'utf8')), JSON.parse(JSON.stringify(trace.file)));
  const page = readFileSync(join(folder, 'trace.html'), 'utf8');
  assert.equal(page, timelinePage(trace.file, '</title><b>"'));
  const scripts = [...page.matchAll(/<script( type="application\/json" id="data")?>([\s\S]*?)<\/script>/g)];
  assert.equal(scripts.length, 2, 'names have opened no script');
  assert.ok((JSON.parse(scripts[0]![2]!) as { texts: string[] }).texts.includes('</script><script>alert(1)</script>'));
  assert.doesNotThrow(() => new Script(scripts[1]![2]!));
  assert.doesNotMatch(page, /https?:\/\/(?!ui)/, 'it needs no network');
});
