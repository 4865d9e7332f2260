import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { announceCluster, endCluster } from './slurm-cluster.ts';

/*
 * node build/test/support/run.js [--node=PATH] [--stress] [--verbose] [--again] [part of a file's path ...]
 *
 * Runs each test file in a process of its own, as many at a time as there are cores, and ends with one line,
 * "N passed, N failed". A file that dies, hangs or runs no test has failed. Files under test/stress run
 * with --stress only. With --again, what has failed beside others is run once more, alone: when it passes then, it is told as
 * unsteady, with what it printed, and does not fail the run. That is a fault to be looked for all the same.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const flags = process.argv.slice(2).filter((word) => word.startsWith('--'));
const parts = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const node = flags.find((flag) => flag.startsWith('--node='))?.slice('--node='.length) ?? process.execPath;
const verbose = flags.includes('--verbose');
const LIMIT_MS = flags.includes('--stress') ? 30 * 60_000 : 5 * 60_000;

interface Outcome {
  readonly file: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly output: string;
  readonly how: string;
  readonly ms: number;
}

function testFiles(): string[] {
  const stress = flags.includes('--stress');
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.js') && file.startsWith('stress/') === stress)
    .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))
    .toSorted();
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left, as it should be.
  }
}

function runFile(file: string): Promise<Outcome> {
  const begin = performance.now();
  return new Promise((resolve) => {
    // A group of its own: what a test leaves behind is ended with it, and cannot keep the output open for ever.
    const child = spawn(node, ['--enable-source-maps', '--test-reporter=tap', join(root, file)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => void (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => void (output += text));
    const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
    child.on('exit', () => {
      clearTimeout(limit);
      setTimeout(endGroup, 200, child.pid);
    });
    child.on('close', (code, signal) => {
      const count = (what: string): number => Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(output)?.[1] ?? 0);
      const died = code !== 0 || count('pass') + count('skipped') === 0;
      const failed = count('fail') + count('cancelled');
      resolve({
        file,
        passed: count('pass'),
        failed: died && failed === 0 ? 1 : failed,
        skipped: count('skipped') + count('todo'),
        output,
        how: signal ?? `exit code ${code}`,
        ms: performance.now() - begin,
      });
    });
  });
}

const queue = testFiles();
const outcomes: Outcome[] = [];
const unsteady: string[] = [];

async function runAndTell(file: string): Promise<Outcome> {
  const outcome = await runFile(file);
  const mark = outcome.failed > 0 ? 'FAILED' : 'ok';
  console.log(`${mark.padEnd(6)} ${relative('.', join(root, file))} (${outcome.passed} tests, ${(outcome.ms / 1000).toFixed(1)} s)`);
  if (outcome.failed > 0 || verbose) console.log(`${outcome.output}\n${outcome.how}`);
  return outcome;
}

async function worker(): Promise<void> {
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) outcomes.push(await runAndTell(file));
}

/** Runs what has failed once more, alone. */
async function lookAgain(): Promise<void> {
  for (const [i, { file, failed }] of outcomes.entries()) {
    if (failed === 0) continue;
    outcomes[i] = await runAndTell(file);
    if (outcomes[i].failed === 0) unsteady.push(file);
  }
}

announceCluster();
const workers = Math.max(1, Math.min(availableParallelism(), flags.includes('--serial') ? 1 : 4));
await Promise.all(Array.from({ length: workers }, worker));
if (flags.includes('--again')) await lookAgain();
await endCluster();

const total = (of: (outcome: Outcome) => number): number => outcomes.reduce((sum, outcome) => sum + of(outcome), 0);
const skipped = total((outcome) => outcome.skipped);
// Each reason once, with how many tests it left out.
const reasons = outcomes.flatMap(({ output }) => [...output.matchAll(/^\s*ok \d+ - .* # SKIP (.+)$/gm)].map((match) => match[1]!));
for (const reason of new Set(reasons)) console.log(`left out: ${reasons.filter((other) => other === reason).length} tests: ${reason}`);
for (const file of unsteady) console.log(`unsteady: ${file} failed beside others, and passed alone`);
for (const { file } of outcomes.filter((outcome) => outcome.failed > 0)) console.log(`failed: ${file}`);
console.log(`${total((o) => o.passed)} passed, ${total((o) => o.failed)} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = outcomes.length === 0 || total((o) => o.failed) > 0 ? 1 : 0;
