import { isMainThread, Worker } from 'node:worker_threads';
import { refused } from './refused.ts';
import { type Case, travels } from './travels.ts';

/** Numbers and the like that JSON does not know, as texts; the same on both sides of a comparison. */
function comparable(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'bigint') return `${part}n`;
    if (typeof part === 'number' && !Number.isFinite(part)) return String(part);
    if (part === undefined) return '(undefined)';
    return Object.is(part, -0) ? '-0' : part;
  });
}

async function outcome([, act, expected]: Case): Promise<string> {
  try {
    const found = comparable(await act());
    return found === comparable(expected) ? 'ok' : found.slice(0, 400);
  } catch (error) {
    return String((error as Error).stack ?? error).slice(0, 2000);
  }
}

/** One line for each case, so that one that hangs is known too. */
async function main(): Promise<void> {
  const only = process.env['ONLY'] ?? '';
  for (const one of [...travels, ...refused]) {
    if (!one[0].includes(only)) continue;
    process.stdout.write(`BEGIN ${JSON.stringify(one[0])}\n`);
    process.stdout.write(`END ${JSON.stringify([one[0], await outcome(one)])}\n`);
  }
}

if (isMainThread && process.env['IN_WORKER'] !== undefined) void new Worker(process.argv[1]!);
else void main();
