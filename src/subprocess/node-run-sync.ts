import { spawnSync } from 'node:child_process';
import { StateError } from '../base/errors.ts';
import { whyNoLibrary } from '../system/library.ts';
import type { Command } from './command.ts';
import { decoded } from './communicate.ts';
import { CompletedProcess } from './completed.ts';
import { MaxBufferExceeded, type Output, TimeoutExpired } from './errors.ts';
import { returnCodeOf } from './node-child.ts';
import type { PopenOptions } from './options.ts';
import { planOf } from './popen.ts';
import { redirect } from './redirect.ts';
import type { RunOwn } from './run.ts';
import { startError } from './start-error.ts';
import { codingOf } from './text.ts';
import { merged } from './node-child.ts';

/** `runSync` without the C library. */
export function runByNodeSync(command: Command, options: PopenOptions, { input, timeout, maxBuffer }: RunOwn): CompletedProcess {
  const { stdio, feed, tees, release } = redirect(options);
  try {
    if (feed !== null || tees.some((tee) => tee !== null))
      throw new StateError('ERR_NO_LIBRARY', `runSync can't feed or fill streams: ${whyNoLibrary()}`);
    const plan = planOf(command, options, stdio, null);
    const { file, words } = merged(plan);
    const coding = codingOf(options);
    const done = spawnSync(file, words.slice(1), {
      argv0: words[0]!,
      ...(plan.cwd === null ? {} : { cwd: plan.cwd.toString() }),
      env: (plan.env ?? process.env) as NodeJS.ProcessEnv,
      stdio: stdio.map((placement, i) =>
        placement.is === 'descriptor'
          ? placement.fd === i
            ? 'inherit'
            : placement.fd
          : placement.is === 'pipe'
            ? 'pipe'
            : stdio[1].is === 'descriptor'
              ? stdio[1].fd
              : 'ignore',
      ) as never,
      input: typeof input === 'string' ? (coding?.encode(input) ?? Buffer.from(input)) : ((input as Uint8Array | null | undefined) ?? ''),
      maxBuffer: maxBuffer ?? Infinity,
      killSignal: 'SIGKILL',
      ...(timeout == null || timeout === Infinity ? {} : { timeout: Math.max(1, timeout) }),
    });
    const text = (bytes: Buffer | null, i: 1 | 2): Output =>
      stdio[i].is !== 'pipe' || bytes === null ? null : coding === null ? bytes : decoded(command, bytes, coding);
    const [stdout, stderr] = [text(done.stdout, 1), text(done.stderr, 2)];
    const { code, errno } = (done.error ?? {}) as NodeJS.ErrnoException;
    if (code === 'ETIMEDOUT') throw new TimeoutExpired(command, timeout!, stdout, stderr);
    if (code === 'ENOBUFS') throw new MaxBufferExceeded(command, maxBuffer!, stdout, stderr);
    if (done.error !== undefined) throw startError(plan, -(errno ?? -1), plan.cwd, done.error);
    return new CompletedProcess(command, returnCodeOf(done.status, done.signal), stdout, stderr);
  } finally {
    release(true);
  }
}
