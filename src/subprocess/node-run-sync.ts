import { spawnSync } from 'node:child_process';
import { StateError } from '../base/errors.ts';
import { whyNoLibrary } from '../system/library.ts';
import type { Command } from './command.ts';
import { decoded } from './communicate.ts';
import { CompletedProcess } from './completed.ts';
import { returnCodeOf } from './node-child.ts';
import { nodePlanOf } from './node-plan.ts';
import { MaxBufferExceeded, type Output, TimeoutExpired } from './errors.ts';
import type { PopenOptions } from './options.ts';
import { planOf } from './popen.ts';
import { redirect } from './redirect.ts';
import type { RunOwn } from './run.ts';
import { startError } from './start-error.ts';
import { codingOf } from './text.ts';
import { killLeftovers, newCookie } from './tree.ts';

/** `runSync` without the C library. */
export function runByNodeSync(command: Command, options: PopenOptions, { input, timeout, maxBuffer, drain }: RunOwn): CompletedProcess {
  if (drain !== undefined && drain !== Infinity)
    throw new StateError(
      'ERR_NO_LIBRARY',
      `runSync can't leave what descendants still write after \`drain\`: ${whyNoLibrary()}. Await run`,
    );
  const { stdio, feed, tees, release } = redirect(options);
  let hasStarted = false;
  try {
    if (feed !== null || tees.some((tee) => tee !== null))
      throw new StateError('ERR_NO_LIBRARY', `runSync can't feed or fill streams: ${whyNoLibrary()}`);
    const cookie = (timeout == null || timeout === Infinity) && maxBuffer === undefined ? null : newCookie();
    const plan = planOf(command, options, stdio, cookie);
    const { file, args, options: ofNode } = nodePlanOf(plan);
    const coding = codingOf(options);
    const done = spawnSync(file, args, {
      ...ofNode,
      input: typeof input === 'string' ? (coding?.encode(input) ?? Buffer.from(input)) : ((input as Uint8Array | null | undefined) ?? ''),
      maxBuffer: maxBuffer ?? Infinity,
      killSignal: 'SIGKILL',
      ...(timeout == null || timeout === Infinity ? {} : { timeout: Math.max(1, timeout) }),
    });
    hasStarted = done.pid > 0;
    // The piece by which it was too much may be kept, and that of the other stream.
    const kept = (bytes: Buffer): Buffer => bytes.subarray(0, maxBuffer);
    // There are none where nothing could be started.
    const text = (bytes: Buffer | null | undefined, i: 1 | 2): Output =>
      stdio[i].is !== 'pipe' || bytes == null ? null : coding === null ? kept(bytes) : decoded(command, kept(bytes), coding);
    const [stdout, stderr] = [text(done.stdout, 1), text(done.stderr, 2)];
    const { code, errno } = (done.error ?? {}) as NodeJS.ErrnoException;
    if (cookie !== null && (code === 'ETIMEDOUT' || code === 'ENOBUFS')) killLeftovers(done.pid, cookie);
    if (code === 'ETIMEDOUT') throw new TimeoutExpired(command, timeout!, stdout, stderr);
    if (code === 'ENOBUFS') throw new MaxBufferExceeded(command, maxBuffer!, stdout, stderr);
    if (done.error !== undefined) throw startError(plan, -(errno ?? -1), plan.cwd, done.error);
    return new CompletedProcess(command, returnCodeOf(done.status, done.signal), stdout, stderr);
  } finally {
    release(hasStarted);
  }
}
