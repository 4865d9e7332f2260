import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from '../support/test.ts';
import { watch } from '../support/watchdog.ts';
import { manycore, npx, project, write } from './installed.ts';

/** A program in the language that a file name says: what TypeScript adds stands in comments for JavaScript. */
function program(name: string, text: string): string {
  write(name, name.endsWith('.ts') ? text.replaceAll(/\/\*(:.*?)\*\//g, '$1') : text);
  return name;
}

const FIB = `function fib(n/*: number*/)/*: number*/ { return n < 2 ? n : fib(n - 1) + fib(n - 2); }\n`;

for (const end of ['ts', 'js'] as const) {
  test(`installed, a program in ${end} is run by npx manycore run, with its arguments and its exit code`, () => {
    const app = program(
      `app.${end}`,
      `const words/*: string[]*/ = process.argv.slice(2);\nconsole.log('got', words.join('+'));\nprocess.exitCode = 3;\n`,
    );
    const { stdout, stderr, status } = npx('run', app, 'one', '--two');
    assert.equal(stdout, 'got one+--two\n', stderr);
    assert.equal(status, 3);
  });

  test(`installed, a function of a module in ${end} is called with many inputs by manycore map`, () => {
    program(
      `numbers-${end}.${end}`,
      `export const square = (n/*: number*/)/*: number*/ => n * n;\nexport default (n/*: number*/)/*: number*/ => -n;\n`,
    );
    for (const place of ['threads', 'processes']) {
      watch(`map on ${place}`);
      const { stdout, stderr, status } = manycore('map', `./numbers-${end}.${end}#square`, '--over', '1..6', '--on', place, '-j', '2');
      assert.equal(stdout, '1\n4\n9\n16\n25\n', stderr);
      assert.equal(status, 0);
    }
    assert.equal(manycore('map', `./numbers-${end}.${end}`, '--over', '1..3').stdout, '-1\n-2\n');
  });

  test(`installed, manycore profile tells where the time of a program in ${end} goes, and writes its pages`, () => {
    const app = program(`work.${end}`, `${FIB}console.log(fib(20));\n`);
    for (const mode of ['sampling', 'counts', 'exact']) {
      watch(`profile in mode ${mode}`);
      const { stdout, stderr, status } = manycore('profile', '--mode', mode, '--flame', 'flame.html', app);
      assert.match(stdout, /^6765\n/, stderr);
      assert.match(stdout, /ncalls {2}tottime/);
      if (mode !== 'sampling') assert.match(stdout, new RegExp(` 21891/1 .* work\\.${end}:1\\(fib\\)\n`));
      assert.match(readFileSync(join(project, 'flame.html'), 'utf8'), /^<!doctype html>/);
      assert.equal(status, 0);
    }
  });

  test(`installed, manycore trace shows when a program in ${end} ran what`, () => {
    const app = program(
      `timeline.${end}`,
      `import { Thread } from 'manycore/threading';\nimport { span } from 'manycore/trace';\n` +
        `const thread = new Thread({ target: (n/*: number*/)/*: void*/ => console.log(n), args: [7] });\nthread.start();\nawait thread.join();\nspan('parse', () => 1);\n`,
    );
    const { stdout, stderr, status } = manycore('trace', '-o', `${end}.html`, '-o', `${end}.json`, app);
    assert.match(stdout, /^7\n/, stderr);
    assert.match(stdout, /spans of \d+ threads/);
    assert.ok(existsSync(join(project, `${end}.html`)));
    const { traceEvents } = JSON.parse(readFileSync(join(project, `${end}.json`), 'utf8')) as { traceEvents: { name: string }[] };
    assert.ok(traceEvents.some(({ name }) => name === 'parse'));
    assert.equal(status, 0);
  });
}

test('installed, programs of the practical run, and show what they should', () => {
  const { stdout, stderr, status } = manycore('practical', 'P16', 'P26', '--json');
  const runs = JSON.parse(stdout) as { id: string; fault: string | null }[];
  assert.deepEqual(
    runs.map(({ id, fault }) => [id, fault]),
    [
      ['P16', null],
      ['P26', null],
    ],
    stderr,
  );
  assert.equal(status, 0);
});

test('installed, the command tells its version, its commands, and what it does not understand', () => {
  assert.match(manycore('--version').stdout, /^\d+\.\d+\.\d+\n$/);
  assert.match(manycore('--help').stdout, / {2}profile \[options\] <program>/);
  const { stderr, status } = manycore('fly');
  assert.equal(stderr, 'manycore: there is no command fly: manycore --help lists them\n');
  assert.equal(status, 2);
});
