import { randomUUID } from 'node:crypto';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { deadlineAfter, NEVER, remaining, type Wait } from '../../base/deadline.ts';
import { deferred } from '../../base/deferred.ts';
import { StateError, TimeoutError } from '../../base/errors.ts';
import { version } from '../../base/version.ts';
import { within } from '../../base/within.ts';
import { mainModule } from '../../message/closures/index.ts';
import { decode, encode } from '../../message/index.ts';
import type { Channel, ChannelTimes } from '../channel/channel.ts';
import { CODE } from '../channel/codes.ts';
import { ChannelError } from '../channel/errors.ts';
import { ownAddresses } from '../channel/own-addresses.ts';
import { newSecret, readRunFile, type RunFile, writeRunFile } from '../channel/run-file.ts';
import { connect, listen } from '../channel/secure.ts';
import { currentTask, type Task } from '../task.ts';
import { RankLostError } from './errors.ts';
import { Hub, type Part, type Reply } from './hub.ts';
import { type Line, Ranks } from './ranks.ts';

/** How the tasks of a job step find each other. */
export interface JoinOptions extends Wait {
  /** A folder that all nodes see: the secret of the tasks lies there until all have come. `~/.manycore` when left out. */
  readonly directory?: string | undefined;
  /** The address at which the others reach the first task; all that its machine has are tried when left out. */
  readonly address?: string | undefined;
}

/** A task may compute for as long as it likes without a word: whether its machine is there is the system's to ask. */
const TIMES: ChannelTimes = { heartbeat: 60_000, silence: 24 * 3_600_000 };
const CONNECT_MS = 3000;
const PAUSE_MS = 50;
const TIMEOUT_MS = 60_000;
/** The lower bits of what a task does at a meeting say what; the upper ones, with whom as root. */
const KIND_BITS = 3;

/**
 * Connects this process with the other tasks that `srun` has started with it, and resolves once all are there:
 *
 * ```ts no-run: srun has to start it
 * import { joinRanks } from 'manycore/slurm';
 * await using ranks = await joinRanks();
 * const parts = await ranks.gather(ranks.rank ** 2);
 * if (parts !== null) console.log(parts);
 * ```
 *
 * The tasks prove themselves to each other by a secret that only their user can read; what they say is encrypted. Rejects with `TimeoutError` when not all
 * have come within `timeout` (60,000 ms when left out), with `StateError`, code `ERR_SLURM_NO_TASK`, in a process that `srun` has not started.
 */
export async function joinRanks(options: JoinOptions = {}): Promise<Ranks> {
  const task = currentTask();
  const step = `${task.job}.${process.env['SLURM_STEP_ID'] ?? '0'}-${process.env['SLURM_RESTART_COUNT'] ?? '0'}`;
  const folder = resolve(options.directory ?? join(homedir(), '.manycore'));
  const path = join(folder, `ranks-${step}.json`);
  const wait: Wait = { timeout: options.timeout ?? TIMEOUT_MS, signal: options.signal };
  if (task.size === 1) return new Ranks(task, (ranks) => alone(ranks));
  return task.rank === 0 ? await gatherAll(task, path, options.address, wait) : await findFirst(task, path, wait);
}

function alone(ranks: Ranks): Line {
  const hub = new Hub(1, (_rank, meeting, reply) => queueMicrotask(() => ranks.hear(meeting, reply)));
  return { send: (meeting, part) => hub.come(0, meeting, part), hold: () => {}, close: () => Promise.resolve() };
}

interface Hello {
  readonly rank: number;
  readonly size: number;
  readonly node: string;
  readonly version: string;
}

/** The first task: it listens for the others, and what they do together is settled here. */
async function gatherAll(task: Task, path: string, address: string | undefined, wait: Wait): Promise<Ranks> {
  const secret = newSecret();
  const channels: (Channel | undefined)[] = Array.from({ length: task.size });
  const names: string[] = [];
  const complete = deferred<void>();
  let ranks: Ranks | null = null;
  let lost: RankLostError | null = null;
  const early: (() => void)[] = [];
  const hub = new Hub(task.size, (rank, meeting, reply) => {
    if (rank === 0) queueMicrotask(() => ranks!.hear(meeting, reply));
    else sendReply(channels[rank]!, meeting, reply);
  });

  const lose = (rank: number, why: string): void => {
    const text = `task ${rank} on ${names[rank]!} ${why}: nothing can be done together any more`;
    for (const [other, channel] of channels.entries())
      if (other !== rank) channel?.send(CODE.left, rank, 0, Buffer.from(JSON.stringify([names[rank]!, text])));
    lost ??= new RankLostError(text, rank, names[rank]!);
    ranks?.lose(lost);
  };

  function greet(channel: Channel): void {
    channel.onRecord((code, _id, _extra, body) => {
      if (code !== CODE.hello) return;
      const hello = JSON.parse(body.toString()) as Hello;
      if (hello.version !== version || hello.size !== task.size) {
        channel.send(CODE.refuse, 0, 0, Buffer.from(`the first task has version ${version}, and ${task.size} tasks`));
        return void channel.end();
      }
      const { rank } = hello;
      channels[rank] = channel;
      names[rank] = hello.node;
      let hasLeft = false;
      channel.onRecord((what, id, extra, bytes) => {
        if (what === CODE.left) {
          hasLeft = true;
          lose(rank, 'has left');
        } else if (what === CODE.part) {
          const part: Part = {
            kind: extra & ((1 << KIND_BITS) - 1),
            root: extra >>> KIND_BITS,
            values: decode(new Uint8Array(bytes)) as Uint8Array[],
          };
          if (ranks === null) early.push(() => hub.come(rank, id, part));
          else hub.come(rank, id, part);
        }
      });
      channel.onClose = (reason) => {
        channels[rank] = undefined;
        if (!hasLeft) lose(rank, `has ended (${reason.message})`);
      };
      if (channels.filter(Boolean).length === task.size - 1) complete.resolve();
    });
  }

  const listener = await listen({ ...TIMES, host: address, secret: Buffer.from(secret, 'hex'), onChannel: greet });
  try {
    mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
    const hosts = address === undefined ? [...ownAddresses(), '127.0.0.1'] : [address];
    const file: RunFile = {
      ...TIMES,
      version,
      secret,
      hosts,
      run: path,
      port: listener.port,
      cwd: process.cwd(),
      argv: process.argv,
      main: mainModule(),
      orphanTimeout: 0,
      outlives: false,
      pid: process.pid,
      machine: hostname(),
    };
    // There whole, or not at all.
    const draft = `${path}.${randomUUID()}`;
    writeRunFile(draft, file);
    renameSync(draft, path);
    const end = await within(complete.promise, wait);
    if (!end.inTime) {
      const missing = channels.flatMap((channel, rank) => (channel === undefined && rank > 0 ? [rank] : []));
      throw new TimeoutError(`of ${task.size} tasks, these have not come within ${wait.timeout} ms: ${missing.join(', ')}`);
    }
  } catch (error) {
    for (const channel of channels) channel?.close();
    throw error;
  } finally {
    listener.close();
    rmSync(path, { force: true });
  }
  const others = (): Channel[] => channels.filter((channel) => channel !== undefined);
  ranks = new Ranks(task, () => ({
    send: (meeting, part) => hub.come(0, meeting, part),
    hold: (isHeld) => {
      for (const channel of others()) channel.hold(isHeld);
    },
    async close() {
      names[0] = task.node;
      lose(0, 'has left');
      await Promise.all(others().map((channel) => channel.end()));
    },
  }));
  for (const channel of others()) {
    channel.send(CODE.complete);
    channel.flush();
    channel.hold(false);
  }
  for (const come of early) come();
  if (lost !== null) ranks.lose(lost);
  return ranks;
}

function sendReply(channel: Channel, meeting: number, reply: Reply): void {
  if ('refusal' in reply) channel.send(CODE.disagree, meeting, 0, Buffer.from(reply.refusal));
  else channel.send(CODE.share, meeting, 0, encode(reply.values, { where: 'program' }).bytes);
}

/** Any other task: it looks for the first one. */
async function findFirst(task: Task, path: string, wait: Wait): Promise<Ranks> {
  const deadline = deadlineAfter(wait.timeout);
  const channel = await reachFirst(path, deadline, wait);
  const met = deferred<void>();
  met.promise.catch(() => {});
  let ranks: Ranks | null = null;
  channel.onClose = (reason) => {
    const error = new RankLostError(`the connection to the first task has ended: ${reason.message}`, 0, '', { cause: reason });
    met.reject(error);
    ranks?.lose(error);
  };
  channel.onRecord((code, id, _extra, body) => {
    switch (code) {
      case CODE.complete:
        return met.resolve();
      case CODE.refuse:
        return met.reject(new StateError('ERR_RANKS_DISAGREE', `the tasks are not of one kind: ${body.toString()}`));
      case CODE.share:
        return ranks?.hear(id, { values: decode(new Uint8Array(body)) as Uint8Array[] });
      case CODE.disagree:
        return ranks?.hear(id, { refusal: body.toString() });
      case CODE.left: {
        const [node, text] = JSON.parse(body.toString()) as [string, string];
        ranks?.lose(new RankLostError(text, id, node));
      }
    }
  });
  const hello: Hello = { rank: task.rank, size: task.size, node: task.node, version };
  channel.send(CODE.hello, 0, 0, Buffer.from(JSON.stringify(hello)));
  // Made now: what comes right behind `complete` has somebody to go to.
  ranks = new Ranks(task, () => ({
    send: (meeting, part) =>
      channel.send(CODE.part, meeting, part.kind | (part.root << KIND_BITS), encode(part.values, { where: 'program' }).bytes),
    hold: (isHeld) => channel.hold(isHeld),
    async close() {
      channel.send(CODE.left);
      await channel.end();
    },
  }));
  try {
    const end = await within(met.promise, { timeout: deadline === NEVER ? undefined : remaining(deadline), signal: wait.signal });
    if (!end.inTime) throw new TimeoutError(`not all of the ${task.size} tasks have come within ${wait.timeout} ms`);
  } catch (error) {
    channel.close();
    throw error;
  }
  channel.hold(false);
  return ranks;
}

async function reachFirst(path: string, deadline: number, { timeout, signal }: Wait): Promise<Channel> {
  let cause: unknown;
  for (;;) {
    signal?.throwIfAborted();
    try {
      const { hosts, port, secret } = readRunFile(path);
      for (const host of hosts) {
        try {
          return await connect({ host, port }, Buffer.from(secret, 'hex'), TIMES, CONNECT_MS);
        } catch (error) {
          if (!(error instanceof ChannelError)) throw error;
          cause = error;
        }
      }
    } catch (error) {
      // It has not come yet; a file that is there may be an earlier step's.
      cause = error;
    }
    if (remaining(deadline) <= 0)
      throw new TimeoutError(`the first task has not been reached within ${timeout} ms: ${(cause as Error | undefined)?.message ?? ''}`, {
        cause,
      });
    const pause = new Promise<void>((done) => setTimeout(done, PAUSE_MS));
    await within(pause, { signal });
  }
}
