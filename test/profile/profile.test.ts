import assert from 'node:assert/strict';
import { gunzipSync } from 'node:zlib';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Profile, profile, Stats } from '../../src/profile/index.ts';
import { byThread } from '../../src/profile/exports/by-thread.ts';
import { collapsed, flameGraph, pprof, speedscope } from '../../src/profile/exports/index.ts';
import { test } from '../support/test.ts';
import { assertWithinPoints } from '../support/within-points.ts';

function fib(n: number): number {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}
/** About three quarters of the time of `mixed`, by counting the same steps three times as often. */
function heavy(rounds: number): number {
  let sum = 0;
  for (let i = 0; i < rounds * 3; i++) sum += fib(12);
  return sum;
}
function light(rounds: number): number {
  let sum = 0;
  for (let i = 0; i < rounds; i++) sum += fib(12);
  return sum;
}
function mixed(rounds: number): number {
  return heavy(rounds) + light(rounds);
}

const recordedTables = (): { readonly tables: string[]; readonly print: (table: string) => void } => {
  const tables: string[] = [];
  return { tables, print: (table) => void tables.push(table) };
};

test('a profiled function gives its result, and the table of the call is printed', () => {
  const { tables, print } = recordedTables();
  const profiled = profile({ print, mode: 'counts' })(function double(n: number) {
    return n * 2 + fib(10) - 55;
  });
  assert.equal(profiled(21), 42);
  assert.equal(tables.length, 1);
  assert.match(tables[0]!, /^ +\d+ function calls in \d+\.\d{3} seconds/);
  assert.match(tables[0]!, /\n {3}ncalls {2}tottime {2}percall {2}cumtime {2}percall filename:lineno\(function\)\n/);
  assert.match(tables[0]!, / 177 R? .*\(fib\)\n/);
  assert.match(tables[0]!, /profile\.test\.ts:\d+\(double\)/);
});

test('an error passes through a profiled function, and the table is printed all the same', async () => {
  const { tables, print } = recordedTables();
  const failure = new TypeError('no');
  const fails = profile({ print })(() => {
    throw failure;
  });
  assert.throws(fails, (error) => error === failure);
  const rejects = profile({ print })(() => Promise.reject(failure));
  await assert.rejects(rejects(), (error) => error === failure);
  assert.equal(tables.length, 2);
});

test('an async function is recorded until its promise is settled', async () => {
  const { tables, print } = recordedTables();
  const profiled = profile({ print, mode: 'counts' })(async (n: number) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return fib(n);
  });
  assert.equal(await profiled(15), 610);
  assert.match(tables[0]!, / 1973 R? .*\(fib\)\n/);
});

test('a method keeps its this, and an accessor its value, under the decorator', () => {
  const { tables, print } = recordedTables();
  const decorate = profile({ print });
  class Job {
    step = 20;
    run(more: number): number {
      return this.step + more;
    }
  }
  // oxlint-disable-next-line typescript/unbound-method -- what a decorator is given
  const method = decorate(Job.prototype.run, { kind: 'method', name: 'run' } as ClassMethodDecoratorContext);
  assert.equal(method.call(new Job(), 1), 21);
  const accessor = decorate(
    { get: () => 7, set: () => {} } as ClassAccessorDecoratorTarget<Job, number>,
    { kind: 'accessor', name: 'step' } as ClassAccessorDecoratorContext<Job, number>,
  );
  assert.equal(accessor.get!.call(new Job()), 7);
  assert.equal(tables.length, 2);
});

/** By how much the profile's share of `heavy` is off, where the truth is measured beside: a busy machine takes its time away from either. */
function errorOfShare(): number {
  const recording = new Profile({ interval: 200 });
  const truth = { heavy: 0, light: 0 };
  recording.run(function both() {
    // Few and long: where the machine takes the core away just between the two, the sampler can't tell whose time it was.
    for (let i = 0; i < 4; i++) {
      const begin = performance.now();
      heavy(40_000);
      const middle = performance.now();
      light(40_000);
      truth.heavy += middle - begin;
      truth.light += performance.now() - middle;
    }
  });
  const time = (name: string): number => recording.stats.rows.find((row) => row.name === name)?.cumulative ?? 0;
  assert.ok(time('light') > 0, 'light is missing from the profile');
  assert.ok(time('both') >= (time('heavy') + time('light')) * 0.98);
  return time('heavy') / (time('heavy') + time('light')) - truth.heavy / (truth.heavy + truth.light);
}

test('code that was hot before the recording is seen, and a function has its true share of the time', () => {
  for (let i = 0; i < 5; i++) mixed(400);
  assertWithinPoints(errorOfShare);
});

test('a call inside a profiled call is part of that table', () => {
  const { tables, print } = recordedTables();
  const inner = profile({ print })(() => 1);
  const outer = profile({ print })(() => inner() + 1);
  assert.equal(outer(), 2);
  assert.equal(tables.length, 1);
});

test('an async call has the time that it ran itself, before and after a profiled call within it', async () => {
  const busy = (ms: number): void => {
    const until = performance.now() + ms;
    while (performance.now() < until);
  };
  const inner = profile({ print: () => {} })(async function inner() {
    busy(5);
    await Promise.resolve();
  });
  const recording = new Profile({ name: 'outer' });
  await recording.run(async () => {
    busy(30);
    const one = inner();
    busy(30);
    await one;
  });
  const { outer } = recording.stats.recordings[0]!.asyncCalls;
  assert.ok(outer!.onCpu >= 60, JSON.stringify(outer));
});

test('two profiles at once in one thread are refused with the reason', () => {
  using first = new Profile().enable();
  assert.ok(first.isEnabled);
  assert.throws(() => new Profile().enable(), { name: 'StateError', code: 'ERR_PROFILE_ACTIVE', message: /one profiler a thread/ });
});

test('rows are sorted and restricted as asked, and the notes say so', () => {
  const recording = new Profile({ mode: 'counts' });
  recording.run(() => mixed(200));
  const { stats } = recording;
  const text = stats.sortStats('calls').toString(/fib|heavy|light/, 1);
  assert.match(text, /Ordered by: call count/);
  assert.match(text, /List reduced from \d+ to 1 due to restriction <1>/);
  assert.equal(text.trimEnd().split('\n').at(-1)!.includes('(fib)'), true);
  assert.throws(() => stats.sortStats('speed' as never), { name: 'RangeError', message: /cannot sort by 'speed'.*cumtime/ });
});

test('a report is kept in a file, read again, and added to another', () => {
  const folder = mkdtempSync(join(tmpdir(), 'manycore-test-'));
  try {
    const recording = new Profile({ mode: 'counts' });
    recording.run(() => mixed(50));
    const file = join(folder, 'one.json');
    recording.stats.dumpStats(file);
    const twice = new Stats(file).add(recording.stats);
    assert.equal(twice.totalCalls, recording.stats.totalCalls * 2);
    assert.doesNotMatch(twice.toString(), /threads and processes/);
    const elsewhere = { ...recording.stats.recordings[0]!, threadId: 7 };
    assert.match(twice.add(elsewhere).toString(), /2 threads and processes/);
    assert.match(twice.lanes(), /recorded +busy +thread\n.*main.*\n.*main/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the recording is there for other tools, and the page needs nothing else', () => {
  const recording = new Profile({ interval: 200 });
  recording.run(() => mixed(4000));
  const { recordings } = recording.stats;
  assert.match(collapsed(recordings), /mixed;heavy\S* \d+\n/);
  const scope = speedscope(recordings) as {
    profiles: { samples: number[][]; weights: number[] }[];
    shared: { frames: { name: string }[] };
  };
  assert.equal(scope.profiles[0]!.samples.length, scope.profiles[0]!.weights.length);
  assert.ok(scope.shared.frames.some(({ name }) => name === 'heavy'));
  assert.ok(gunzipSync(pprof(recordings)).includes('heavy'));
  const page = flameGraph(recordings, 'a </script> title');
  assert.doesNotMatch(page, /https?:\/\//);
  assert.match(page, /a &lt;\/script> title/);
});

test('the pieces of a recording are one profile of the thread for other tools', () => {
  const recording = new Profile({ interval: 200 });
  recording.enable();
  mixed(2000);
  assert.equal(recording.stats.recordings.length, 1);
  mixed(2000);
  recording.disable();
  const { recordings } = recording.stats;
  assert.equal(recordings.length, 2);
  const [one, ...others] = byThread(recordings);
  assert.equal(others.length, 0);
  const { nodes, samples, timeDeltas, startTime, endTime } = one!.profile;
  const counts = recordings.map(({ profile: piece }) => piece!.samples!.length);
  assert.equal(samples!.length, counts[0]! + counts[1]!);
  assert.ok(timeDeltas!.every((delta) => delta >= 0));
  const sampled = timeDeltas!.reduce((sum, delta) => sum + delta, 0);
  assert.ok(sampled <= endTime - startTime + 1000, `${sampled} of ${endTime - startTime} µs`);
  const known = new Set(nodes.map(({ id }) => id));
  assert.equal(known.size, nodes.length);
  for (const id of [...samples!, ...nodes.flatMap(({ children }) => children ?? [])]) assert.ok(known.has(id));
  // Called in the same way, it is one node.
  assert.equal(nodes.filter(({ callFrame }) => callFrame.functionName === 'heavy').length, 1);
  assert.equal((speedscope(recordings) as { profiles: unknown[] }).profiles.length, 1);
});
