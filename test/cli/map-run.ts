import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LONG } from '../support/patience.ts';
import { after } from '../support/test.ts';

/*
 * A folder with functions to map, and runs of the command in it.
 */
const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
export const folder: string = mkdtempSync(join(tmpdir(), 'manycore-map-'));
after(() => rmSync(folder, { recursive: true }));
export const inFolder = (name: string): string => join(folder, name);
export const write = (name: string, text: string): void => writeFileSync(inFolder(name), text);
export const read = (name: string): string => readFileSync(inFolder(name), 'utf8');
/** How many lines a file has; 0 while it is not there. */
export const linesIn = (name: string): number => (existsSync(inFolder(name)) ? read(name).split('\n').length - 1 : 0);

write(
  'fns.mjs',
  `import { appendFileSync, existsSync } from 'node:fs';
   export default (x) => x * x;
   export const same = (x) => x;
   export const upper = (s) => s.toUpperCase();
   export const three = (x) => { if (x % 3 === 0) throw new RangeError('three in ' + x); return x; };
   export const exit = (x) => { if (x === 7) process.exit(9); return x; };
   export const hang = (x) => { if (x === 2) for (;;); return x; };
   export const odd = (x) => [10n, NaN, new Set([1]), new Map([['a', 1]]), new Uint8Array(2), undefined, 'a\\nb', null, () => {}][x];
   export const talk = (x) => { console.log('working'); return x; };
   export const number = 3;
   const tried = new Map();
   export const second = (x) => { tried.set(x, (tried.get(x) ?? 0) + 1); if (tried.get(x) < 2) throw new Error('first'); return x; };
   const seen = async (file) => { while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 5)); };
   export const waiting = async (x) => { if (x === 0) await seen('open'); return x; };
   export const gate = async (x) => { appendFileSync('calls', x + '\\n'); if (x >= 5) await seen('go'); return 'r' + x; };
   export const long = (x) => String(x).padEnd(4000, '.');
   export const failing = (x) => { if (x === 0 && !existsSync('mended')) throw new Error('not yet'); return x; };
   export const size = (path) => { appendFileSync('sized', path + '\\n'); return path; };
  `,
);

export class Run {
  readonly child: ChildProcessWithoutNullStreams;
  stdout = '';
  stderr = '';
  readonly ended: Promise<Run>;
  status: number | null = null;

  constructor(args: readonly string[], flags: readonly string[] = []) {
    this.child = spawn(process.execPath, [...flags, main, 'map', ...args], { cwd: folder, timeout: LONG, killSignal: 'SIGKILL' });
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => void (this.stdout += text));
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => void (this.stderr += text));
    this.child.stdin.on('error', () => {});
    this.ended = new Promise((resolve) => {
      this.child.once('close', (status) => {
        this.status = status;
        resolve(this);
      });
    });
  }
}

export const map = (...args: string[]): Promise<Run> => new Run(args).ended;

export async function fed(input: string, ...args: string[]): Promise<Run> {
  const run = new Run(args);
  run.child.stdin.end(input);
  return run.ended;
}

export async function prints(run: Promise<Run>, lines: readonly (string | number)[]): Promise<void> {
  const { stdout, stderr, status } = await run;
  assert.equal(stdout, lines.map((line) => `${line}\n`).join(''), stderr);
  assert.equal(stderr, '');
  assert.equal(status, 0);
}
