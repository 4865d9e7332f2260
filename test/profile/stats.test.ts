import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RawProfile, type Restriction, type SortKey, Stats } from '../../src/profile/index.ts';
import { after, test } from '../support/test.ts';

const folder = mkdtempSync(join(tmpdir(), 'manycore-stats-test-'));
after(() => rmSync(folder, { recursive: true }));

/** A function by its name, file and line. */
type Placed = readonly [name: string, file: string, line: number];
type Edge = readonly [caller: string, callee: string, calls: number, cumulative: number, self: number];

/** What a program that was timed exactly has left: edges by the functions' names, '' for all other code; times in milliseconds. */
function recorded(placed: readonly Placed[], edges: readonly Edge[], primitive?: Readonly<Record<string, number>>): RawProfile {
  const functions = [['', '', 1] as const, ...placed].map(([name, file, line]) => ({ url: file, name, line: line - 1, column: 0 }));
  const id = (name: string): number => functions.findIndex((one) => one.name === name);
  return {
    version: 1,
    host: 'host',
    pid: 1,
    threadId: 0,
    name: 'main',
    startUs: 0,
    endUs: 1e6,
    profile: null,
    counts: null,
    ranges: [],
    asyncCalls: {},
    exact: {
      isTimed: true,
      functions,
      edges: edges.map(([caller, callee, calls, cumulative, self]) => [id(caller), id(callee), calls, cumulative * 1000, self * 1000]),
      primitive: primitive === undefined ? undefined : functions.map(({ name }) => primitive[name] ?? 0),
      asyncCalls: [],
    },
  };
}

const PLACED: readonly Placed[] = [
  ['main', '/app/b.js', 3],
  ['parse', '/app/a.js', 20],
  ['walk', '/app/a.js', 5],
  ['emit', '/app/lib/c.js', 5],
];
/** `main` calls `parse` and `emit`; `walk` calls itself and `parse`. */
const program = (): RawProfile =>
  recorded(
    PLACED,
    [
      ['', 'main', 1, 1000, 100],
      ['main', 'walk', 2, 600, 100],
      ['walk', 'walk', 8, 0, 200],
      ['walk', 'parse', 40, 300, 300],
      ['main', 'emit', 4, 300, 300],
    ],
    { main: 1, walk: 2, parse: 40, emit: 4 },
  );
const shown = (text: string): string[] => text.match(/(?<=\()(?:main|parse|walk|emit)(?=\))/g) ?? [];

test('rows are sorted by every key of pstats: numbers from the greatest on, names and lines from the least', () => {
  const orders: readonly (readonly [readonly SortKey[], string, string])[] = [
    [['calls', 'ncalls'], 'call count', 'parse walk emit main'],
    [['pcalls'], 'primitive call count', 'parse emit walk main'],
    [['cumulative', 'cumtime'], 'cumulative time', 'main walk parse emit'],
    [['time', 'tottime'], 'internal time', 'parse walk emit main'],
    [['file', 'filename', 'module'], 'file name', 'parse walk main emit'],
    [['line'], 'line number', 'main walk emit parse'],
    [['name'], 'function name', 'emit main parse walk'],
    [['nfl'], 'name/file/line', 'emit main parse walk'],
    // As text: line 20 comes before line 5.
    [['stdname'], 'standard name', 'parse walk main emit'],
  ];
  for (const [keys, title, order] of orders)
    for (const key of keys) {
      const text = new Stats(program()).sortStats(key).toString();
      assert.match(text, new RegExp(`Ordered by: ${title}\n`));
      assert.equal(shown(text).join(' '), order, key);
    }
  assert.throws(() => new Stats().sortStats('toString' as never), {
    code: 'ERR_SORT_KEY',
    message: /cannot sort by 'toString': the keys are calls,/,
  });
});

test('a key may be cut short while one order is meant', () => {
  const by = (key: string): string => /Ordered by: (.*)/.exec(new Stats(program()).sortStats(key as SortKey).toString())![1]!;
  assert.deepEqual(['cum', 't', 'fil', 'nam', 'p', 'ca'].map(by), [
    'cumulative time',
    'internal time',
    'file name',
    'function name',
    'primitive call count',
    'call count',
  ]);
  assert.throws(() => by('c'), { code: 'ERR_SORT_KEY', message: "cannot sort by 'c': it may be calls or cumulative or cumtime" });
  assert.throws(() => by(''), { code: 'ERR_SORT_KEY', message: /^cannot sort by '': the keys are calls,/ });
});

test('tables are printed where the stream says', () => {
  const written: string[] = [];
  const stats = new Stats(program()).sortStats('calls');
  stats.stream = { write: (text) => written.push(text) };
  stats.print(2).printCallers('walk').printCallees('walk');
  assert.deepEqual(
    written,
    [stats.toString(2), stats.callers('walk'), stats.callees('walk')].map((text) => `${text}\n`),
  );
});

test('of rows that are alike by the first key the next one decides, and the order can be turned round', () => {
  const stats = new Stats(program()).sortStats('line', 'name');
  assert.equal(shown(stats.toString()).join(' '), 'main emit walk parse');
  assert.match(stats.toString(), /Ordered by: line number, function name\n/);
  assert.equal(shown(stats.reverseOrder().toString()).join(' '), 'parse walk emit main');
});

test('the table has the columns of cProfile: recursive calls beside primitive ones, and times for each call of either', () => {
  const lines = new Stats(program()).sortStats('cumulative').toString().split('\n');
  assert.equal(lines[0], '         55 function calls (47 primitive calls) in 1.000 seconds');
  assert.deepEqual(lines.slice(4, 9), [
    '   ncalls  tottime  percall  cumtime  percall filename:lineno(function)',
    '        1    0.100    0.100    1.000    1.000 /app/b.js:3(main)',
    '     10/2    0.300    0.030    0.600    0.300 /app/a.js:5(walk)',
    '       40    0.300    0.007    0.300    0.007 /app/a.js:20(parse)',
    '        4    0.300    0.075    0.300    0.075 /app/lib/c.js:5(emit)',
  ]);
});

test('a restriction is a number, a part or a pattern; each narrows what the one before has left, and is noted', () => {
  const stats = new Stats(program()).sortStats('cumulative');
  const half: Restriction = 0.5;
  assert.equal(shown(stats.toString(2)).join(' '), 'main walk');
  assert.equal(shown(stats.toString(half)).join(' '), 'main walk');
  assert.equal(shown(stats.toString('a\\.js')).join(' '), 'walk parse');
  assert.equal(shown(stats.toString(/PARSE|EMIT/i)).join(' '), 'parse emit');
  const both = stats.toString('a\\.js', 1);
  assert.equal(shown(both).join(' '), 'walk');
  assert.match(both, /List reduced from 4 to 2 due to restriction <a\\\.js>\n {3}List reduced from 2 to 1 due to restriction <1>\n/);
  // Such a pattern remembers where it has been.
  assert.equal(shown(stats.toString(/\((?:main|walk)/g)).join(' '), 'main walk');
});

test('a restriction that says nothing is refused with the reason', () => {
  for (const restriction of [-1, 1.5, Number.NaN, Infinity])
    assert.throws(() => new Stats(program()).toString(restriction), {
      name: 'RangeError',
      code: 'ERR_RESTRICTION',
      message: `cannot show ${restriction} rows: expected a whole number, or a part of the rows between 0 and 1`,
    });
  assert.throws(() => new Stats(program()).callers('('), { code: 'ERR_RESTRICTION', message: /cannot look for '\('/ });
});

test('callers and callees are told with the calls and times of each pair', () => {
  const stats = new Stats(program()).sortStats('cumulative');
  const lines = (text: string): string[] => text.trimEnd().split('\n').slice(1);
  assert.deepEqual(lines(stats.callers('walk|parse')), [
    'Function            was called by...',
    '                        ncalls  tottime  cumtime',
    '/app/a.js:5(walk)   <-        2    0.100    0.600  /app/b.js:3(main)',
    '                              8    0.200    0.000  /app/a.js:5(walk)',
    '/app/a.js:20(parse) <-       40    0.300    0.300  /app/a.js:5(walk)',
  ]);
  assert.deepEqual(lines(stats.callees('main|emit')), [
    'Function              called...',
    '                          ncalls  tottime  cumtime',
    '/app/b.js:3(main)     ->        2    0.100    0.600  /app/a.js:5(walk)',
    '                                4    0.300    0.300  /app/lib/c.js:5(emit)',
    '/app/lib/c.js:5(emit) ->',
  ]);
});

test('without their folders, functions that cannot be told apart become one, with its callers, and the order is lost', () => {
  const twins = recorded(
    [
      ['main', '/one/app.js', 1],
      ['first', '/one/x.js', 7],
      ['second', '/two/x.js', 7],
    ],
    [
      ['', 'main', 1, 10, 1],
      ['main', 'first', 2, 4, 4],
      ['main', 'second', 3, 5, 5],
    ],
  );
  const alike = twins.exact!.functions.map((one) => (one.name === 'main' || one.name === '' ? one : { ...one, name: 'same' }));
  const stats = new Stats({ ...twins, exact: { ...twins.exact!, functions: alike } }).sortStats('name');
  assert.equal(stats.rows.length, 3);
  stats.stripDirs();
  assert.equal(stats.rows.length, 2);
  const text = stats.toString();
  assert.match(text, /Ordered by: cumulative time\n/);
  assert.match(text, /\n {8}1 .* app\.js:1\(main\)\n {8}5 {4}0\.009 .* x\.js:7\(same\)\n/);
  assert.match(stats.callers('same'), /x\.js:7\(same\) <- {8}5 {4}0\.009 {4}0\.009 {2}app\.js:1\(main\)\n/);
  assert.match(stats.callees('main'), /app\.js:1\(main\) -> {8}5 {4}0\.009 {4}0\.009 {2}x\.js:7\(same\)\n/);
  const more = stats.add(twins);
  assert.equal(more.totalCalls, 12);
  assert.match(more.toString(), / x\.js:7\(first\)\n/);
});

test('counted calls of a function that calls itself are told apart; in a circle of several they are not, and it is marked', () => {
  const { exact, ...rest } = recorded(PLACED, [
    ['', 'main', 1, 0, 0],
    ['main', 'walk', 2, 0, 0],
    ['walk', 'walk', 8, 0, 0],
    ['walk', 'parse', 3, 0, 0],
    ['parse', 'emit', 3, 0, 0],
    ['emit', 'parse', 2, 0, 0],
  ]);
  const stats = new Stats({ ...rest, exact: { ...exact!, isTimed: false, primitive: undefined } });
  const text = stats.toString();
  assert.match(text, /^ +19 function calls in /);
  assert.match(text, / 10\/2 .*\(walk\)\n/);
  assert.match(text, / 5 R .*\(parse\)\n/);
  assert.match(text, / 3 R .*\(emit\)\n/);
  assert.match(text, / 1 .*\(main\)\n/);
  assert.equal(stats.primitiveCalls, null);
});

test('what was kept is added up function by function, and can be read as data', () => {
  const file = join(folder, 'kept.json');
  new Stats(program()).dumpStats(file);
  new Stats(program()).dumpStats(file);
  const stats = Stats.load(file).add(new Stats(program()), program());
  assert.equal(stats.recordings.length, 3);
  assert.equal(stats.totalCalls, 3 * 55);
  assert.equal(stats.totalTime, 3e6);
  const walk = stats.rows.find(({ name }) => name === 'walk')!;
  const { file: where, line, calls, primitiveCalls, total, cumulative } = walk;
  assert.deepEqual([where, line, calls, primitiveCalls, total, cumulative], ['/app/a.js', 5, 30, 6, 900_000, 1_800_000]);
});

test('a file that is no profile is refused with its name', () => {
  const file = join(folder, 'other.json');
  for (const text of ['{}', '[1]', 'null', '{"version":1}']) {
    writeFileSync(file, text);
    assert.throws(() => new Stats(file), {
      name: 'StateError',
      code: 'ERR_PROFILE_FILE',
      message: /other\.json is no profile: expected what/,
    });
  }
});

test('a function that was counted and met by no sample is not the one that samples have met in its line', () => {
  const frame = (functionName: string, url: string) => ({ functionName, scriptId: '1', url, lineNumber: 0, columnNumber: 0 });
  const profile = {
    nodes: [
      { id: 1, callFrame: frame('(root)', ''), children: [2] },
      { id: 2, callFrame: frame('', '/app/one-line.js') },
    ],
    startTime: 0,
    endTime: 2000,
    samples: [2, 2],
    timeDeltas: [0, 1000],
  };
  const raw = recorded(
    [
      ['<module>', '/app/one-line.js', 1],
      ['fib', '/app/one-line.js', 1],
    ],
    [
      ['', '<module>', 1, 0, 0],
      ['<module>', 'fib', 1, 0, 0],
      ['fib', 'fib', 20, 0, 0],
    ],
  );
  const stats = new Stats({ ...raw, profile, exact: { ...raw.exact!, isTimed: false } });
  assert.deepEqual(
    new Map(stats.rows.map(({ name, calls }) => [name, calls])),
    new Map([
      ['<module>', 1],
      ['fib', 21],
    ]),
  );
});
