/*
 * The first code on a node: `node manager-main.js RUN-FILE ALLOCATION [RANK]`. It finds its driver, proves itself, and does what it is told until
 * the driver says that all is done, or is lost for good. What it prints goes to the job's log.
 */
import { availableParallelism, endianness, hostname } from 'node:os';
import { inspect } from 'node:util';
import { version } from '../../../base/version.ts';
import { setMainModule } from '../../../message/closures/index.ts';
import type { Channel } from '../../channel/channel.ts';
import { CODE } from '../../channel/codes.ts';
import { ChannelError } from '../../channel/errors.ts';
import { readRunFile, removeRun, type RunFile } from '../../channel/run-file.ts';
import { connect } from '../../channel/secure.ts';
import type { Hello } from './hello.ts';
import { Manager, readWelcome } from './manager.ts';

/** How this program ends when it has not been told to. */
const EXIT = { refused: 3, unreachable: 4, secret: 5, orphaned: 6, runFile: 7 } as const;
const CONNECT_MS = 3000;
const FIRST_TRIES_MS = 15_000;
const PAUSE_MS = 200;
/** Nobody listens any more at the driver's port: so often, then it has ended. */
const REFUSALS_MAX = 3;

const say = (text: string): void => void process.stderr.write(`manycore node manager on ${hostname()}: ${text}\n`);

function leave(code: number, text: string): never {
  say(text);
  process.exit(code);
}

const runFile = process.argv[2] ?? '';

function readFile(): RunFile {
  try {
    return readRunFile(runFile);
  } catch (error) {
    return leave(EXIT.runFile, (error as Error).message);
  }
}

let file = readFile();
const allocation = Number(process.argv[3]);
const rank = Number(process.argv[4] ?? process.env['SLURM_NODEID'] ?? 0);
const secret = Buffer.from(file.secret, 'hex');

setMainModule(file.main);
process.argv.splice(1, process.argv.length, ...file.argv.slice(1));
try {
  process.chdir(file.cwd);
} catch (error) {
  say(`the driver's folder is not here, tasks run in ${process.cwd()}: ${(error as Error).message}`);
}

/** How many processors the job has here. */
const cpus = Number(process.env['SLURM_CPUS_PER_TASK'] ?? process.env['SLURM_CPUS_ON_NODE']) || availableParallelism();

let manager: Manager | null = null;
let reconnects = 0;
/** The host at which the driver was reached. */
let goodHost: string | null = null;

/** Another program may have taken the run up, elsewhere. */
function lookForOther(): void {
  try {
    const { port, hosts } = file;
    file = readRunFile(runFile);
    if (file.port !== port || file.hosts.join() !== hosts.join()) goodHost = null;
  } catch {
    // It is being written.
  }
}

/** Tries each place where the driver may be. */
async function connectSomewhere(): Promise<Channel> {
  if (file.outlives) lookForOther();
  const hosts = goodHost === null ? file.hosts : [goodHost];
  const failures: ChannelError[] = [];
  for (const host of hosts) {
    try {
      const channel = await connect({ host, port: file.port }, secret, file, CONNECT_MS);
      goodHost = host;
      return channel;
    } catch (error) {
      failures.push(error as ChannelError);
    }
  }
  const worst = failures.find(({ code }) => code === 'ERR_CHANNEL_SECRET') ?? failures.find(({ code }) => code === 'ERR_CHANNEL_NO_ROUTE');
  throw new ChannelError((worst ?? failures[0]!).code, failures.map(({ message }) => message).join('; '));
}

/** Is told what it shall be, and serves until the connection ends. Resolves with the reason. */
function serve(channel: Channel): Promise<ChannelError> {
  const hello: Hello = {
    version,
    node: process.version,
    endianness: endianness(),
    host: process.env['SLURMD_NODENAME'] ?? hostname(),
    pid: process.pid,
    allocation,
    rank,
    job: process.env['SLURM_JOB_ID'] ?? null,
    cpus,
    confirmed: manager?.confirmed ?? 0,
    reconnects: reconnects++,
  };
  return new Promise((resolve) => {
    channel.onClose = (reason) => {
      manager?.detach();
      resolve(reason);
    };
    channel.onRecord((code, id, extra, body) => {
      if (code === CODE.refuse) leave(EXIT.refused, `the driver does not want this node: ${body.toString()}`);
      // It came when everything was over.
      if (manager === null && (code === CODE.quit || code === CODE.end)) process.exit(0);
      if (code !== CODE.welcome) return manager?.hear(code, id, extra, body);
      manager ??= begin(body);
      manager.attach(channel, extra);
    });
    channel.send(CODE.hello, 0, 0, Buffer.from(JSON.stringify(hello)));
    if (manager === null) channel.send(CODE.heldAll);
    else manager.tellHeld(channel);
  });

  function begin(body: Buffer): Manager {
    const made = new Manager(readWelcome(body), cpus);
    made.onEnd = () => void channel.end().then(() => process.exit(0));
    for (const signal of ['SIGTERM', 'SIGUSR2'] as const) process.once(signal, () => void drain(made, signal));
    return made;
  }
}

/** The system wants the node back: what has begun may end, as far as there is time. */
async function drain(made: Manager, signal: string): Promise<void> {
  say(`${signal}: takes no more tasks, and ends when those that run have ended`);
  await made.leave(signal);
  // A moment for the results to go.
  setTimeout(() => process.exit(0), PAUSE_MS);
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function run(): Promise<void> {
  let lostAt = performance.now();
  let refusals = 0;
  for (;;) {
    let channel: Channel;
    try {
      channel = await connectSomewhere();
    } catch (error) {
      const { code, message } = error as ChannelError;
      if (code === 'ERR_CHANNEL_SECRET') leave(EXIT.secret, message);
      refusals = code === 'ERR_CHANNEL_REFUSED' ? refusals + 1 : 0;
      const limit = manager === null && !file.outlives ? FIRST_TRIES_MS : file.orphanTimeout;
      if ((refusals >= REFUSALS_MAX && !file.outlives) || performance.now() - lostAt > limit) {
        // Who was never reached may live, and look there for what this node has to say.
        if (manager !== null && !file.outlives) removeRun(runFile, file);
        leave(manager === null ? EXIT.unreachable : EXIT.orphaned, `the driver is lost, this node ends: ${message}`);
      }
      await pause(PAUSE_MS);
      continue;
    }
    refusals = 0;
    const reason = await serve(channel);
    lostAt = performance.now();
    say(`the connection to the driver has ended (${reason.message}); ${manager?.running ?? 0} tasks run on here`);
  }
}

// An error that nobody catches in a worker process or thread ends that one; here it would be one of ours.
run().catch((error: unknown) => leave(1, inspect(error)));
