import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { sources } from '../harness/outside.ts';
import type { Contender, Line, Suite } from '../harness/suite.ts';

const cli = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Milliseconds that a program says its work took. */
async function took(args: readonly string[], folder: string): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });
  return Number(/^took ([\d.]+)$/m.exec(stdout)?.[1]);
}

/** Seconds that the program's work takes with `recorder` and without: the faster of two runs each, in turns. */
async function both(
  program: string,
  recorder: readonly string[],
  scale: number,
): Promise<{ readonly bare: number; readonly recorded: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'manycore-bench-'));
  const file = join(sources, 'programs', `${program}.mjs`);
  try {
    let bare = Infinity;
    let recorded = Infinity;
    for (let i = 0; i < 2; i++) {
      bare = Math.min(bare, await took([file, String(scale)], folder));
      recorded = Math.min(recorded, await took([...recorder, file, String(scale)], folder));
    }
    return { bare: bare / 1000, recorded: recorded / 1000 };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const recorded = (name: string, program: string, recorder: readonly string[]): Contender => ({
  name,
  async run({ count }) {
    const seconds = await both(program, recorder, count(1000) / 1000);
    return { operations: 1, seconds: seconds.recorded, cpuSeconds: seconds.recorded, times: seconds.recorded / seconds.bare };
  },
});

/** What fib(32) and fib(27) call. */
const CALLS = { full: 7_049_155, quick: 832_039 };

const callUnder = (name: string, recorder: readonly string[]): Contender => ({
  name,
  async run({ count }) {
    const scale = count(1000) / 1000;
    const { bare, recorded: seconds } = await both('fib', recorder, scale);
    const more = Math.max(0, seconds - bare);
    return { operations: scale < 1 ? CALLS.quick : CALLS.full, seconds: more, cpuSeconds: more };
  },
});

const call: Line = {
  name: 'what is added to a call of fib',
  unit: 'ns',
  contenders: [
    callUnder('manycore exact', [cli, 'profile', '--mode', 'exact']),
    callUnder('manycore counts', [cli, 'profile', '--mode', 'counts']),
    callUnder('manycore sampling', [cli, 'profile']),
    { name: 'CPython cProfile', python: 'profile_cost.py', what: 'call' },
  ],
};

const line = (program: string, what: string, hasTwin: boolean): Line => ({
  name: what,
  unit: '×',
  aim: { value: 1.05 },
  contenders: [
    recorded('manycore sampling', program, [cli, 'profile']),
    recorded('manycore counts', program, [cli, 'profile', '--mode', 'counts']),
    recorded('manycore exact', program, [cli, 'profile', '--mode', 'exact']),
    recorded('node --cpu-prof', program, ['--cpu-prof']),
    ...(hasTwin ? [{ name: 'CPython cProfile (beside bare CPython)', python: 'profile_cost.py', what: program }] : []),
  ],
});

const suite: Suite = {
  name: 'profile',
  about: 'How many times as long a program takes while it is recorded: 1 × is as fast as without.',
  lines: [
    line('fib', 'fib: nothing but calls', true),
    line('n-body', 'n-body: small functions over numbers', true),
    line('strings', 'text: split, joined, counted', true),
    line('web', 'a web server that answers requests', false),
    call,
  ],
};
export default suite;
