/*
 * The first code in the thread that stands between a program and its nodes. It listens for them, asks for them, and deals tasks out, also while
 * the program's thread computes or is blocked.
 */
import '../../../host/thread/service-main.ts';
import { endianness, hostname } from 'node:os';
import { join } from 'node:path';
import { existsSync, rmSync } from 'node:fs';
import { version } from '../../../base/version.ts';
import { within } from '../../../base/within.ts';
import { serviceEnd } from '../../../host/thread/service.ts';
import { encode } from '../../../message/index.ts';
import type { Channel } from '../../channel/channel.ts';
import { CODE, KIND_BITS } from '../../channel/codes.ts';
import { ChannelError } from '../../channel/errors.ts';
import { RecordReader, RecordWriter } from '../../channel/records.ts';
import { newSecret, readRunFile, writeRunFile } from '../../channel/run-file.ts';
import { listen, type Listener } from '../../channel/secure.ts';
import { NodeLostError, type JobFacts } from '../errors.ts';
import type { Launcher } from '../launch/launcher.ts';
import { newLauncher } from '../launch/new-launcher.ts';
import type { Hello } from '../manager/hello.ts';
import { Capacity } from './capacity.ts';
import { Caretaker } from './caretaker.ts';
import { Dispatcher } from './dispatcher.ts';
import { Peer } from './peer.ts';
import { Journal, type JournalContent, readJournal, readTerms } from './journal.ts';
import type { LinkPlan, ToLink, ToProgram } from './plan.ts';
import type { Task } from './task.ts';

type Terms = Pick<Task, 'limit' | 'priority' | 'isHeard'>;

/** How long the nodes may take to end when they have been told to, or when their connection has ended. */
const END_MS = 5000;

const end = serviceEnd();
const plan = end.data as LinkPlan;
const runFile = join(plan.directory, 'run.json');
/** The run of an earlier program that this one takes up. */
const earlier = plan.isTakenUp ? readJournal(plan.directory) : null;
const secret = earlier === null ? newSecret() : readRunFile(runFile).secret;
const journal = plan.outlives ? new Journal(plan.directory, earlier?.length ?? 0) : null;
const tell = (what: ToProgram, transfer: readonly ArrayBuffer[] = []): void => end.send(what, transfer);
const message = (value: unknown): Uint8Array => new Uint8Array(encode(value, { where: 'program' }).bytes);

const writer = new RecordWriter();
let isTelling = false;
/** Records for the program's thread; those of one turn go together. */
function toProgram(code: number, id: number, extra: number, body: Uint8Array | null): void {
  if (code === CODE.result || code === CODE.stream || code === CODE.streamed) journal?.add(code, id, extra & ((1 << KIND_BITS) - 1), body);
  writer.add(code, id, extra, body);
  if (isTelling) return;
  isTelling = true;
  setImmediate(tellRecords);
}

function tellRecords(): void {
  isTelling = false;
  if (writer.length === 0) return;
  const bytes = writer.take();
  tell({ say: 'records', bytes }, [bytes.buffer]);
}

const dispatcher = new Dispatcher(
  {
    toProgram,
    answer(ask, isTaken) {
      tellRecords();
      tell({ say: 'answer', ask, isTaken });
    },
    wantsNodes: () => void ready.then(() => capacity.ensure()),
    ended: (id) => journal?.add(CODE.cancelled, id, 0, null),
    confirms: () => journal?.flush(),
    async describeLoss(task, peer, reason) {
      const allocation = capacity.allocation(peer.hello.allocation);
      // The connection ends before the system says why.
      if (allocation !== undefined) {
        await within(allocation.ended, { timeout: END_MS });
        await within(allocation.alarm(), { timeout: END_MS });
      }
      const facts = (await allocation?.facts()) ?? unknownFacts;
      const times = task.losses > 1 ? ` for the ${task.losses}. time` : '';
      return message(
        new NodeLostError(
          `node ${peer.name} was lost${times} while it ran this task: ${reason.message}. The task may have been done in part; nodeRetries says how often it may be run again`,
          facts,
          peer.name,
          { cause: reason },
        ),
      );
    },
  },
  plan.nodeRetries,
);

const launcher = newLauncher(plan, runFile);
const caretaker = new Caretaker(plan.directory, launcher.jobName, !plan.outlives);
const launch: Launcher['launch'] = async (number, nodes, avoid) => {
  // A node that had lost this program, and took it for dead, has removed it.
  if (!existsSync(runFile)) writeRun();
  const allocation = await launcher.launch(number, nodes, avoid);
  journal?.add(CODE.allocation, number, nodes, Buffer.from(JSON.stringify(allocation.submitted)));
  return allocation;
};
const capacity = new Capacity(launch, {
  nodes: plan.nodes,
  startTimeout: plan.startTimeout,
  queueTimeout: plan.queueTimeout,
  onWaiting: (job, ms, reason) => tell({ say: 'waiting', job, ms, reason }),
  connected: () => [...dispatcher.peers].filter((peer) => peer.leaves !== 'SIGUSR2').length,
  connectedOf: (allocation) => [...dispatcher.peers].filter((peer) => peer.hello.allocation === allocation).length,
  hasWork: () => dispatcher.outstanding > 0,
  onFailure: (error) => fail(message(error)),
  onJobs: (jobs) => tell({ say: 'jobs', jobs }),
});

const unknownFacts: JobFacts = { job: null, node: '', state: 'UNKNOWN', reason: '', exitCode: null, log: '', hint: '' };

let failure: Uint8Array | null = null;
/** Nothing can run any more. */
function fail(error: Uint8Array): void {
  failure ??= error;
  // First the executor, so that nothing more is handed over.
  tell({ say: 'broken', error });
  dispatcher.failAll(error);
}

/** How many results have come from each manager, over all its connections. */
const seen = new Map<string, number>();
let nodes = 0;
let isEnding = false;

/** A peer that has the secret has connected. */
function greet(channel: Channel): void {
  const held: number[] = [];
  let hello: Hello | null = null;
  channel.onRecord((code, id, _extra, body) => {
    if (code === CODE.hello) hello = JSON.parse(body.toString()) as Hello;
    else if (code === CODE.held) held.push(id);
    else if (code === CODE.heldAll && hello !== null) welcome(channel, hello, held);
  });
}

function welcome(channel: Channel, hello: Hello, held: readonly number[]): void {
  const refusal = refusalOf(hello);
  if (refusal !== null) {
    channel.send(CODE.refuse, 0, 0, Buffer.from(refusal));
    void channel.end();
    return;
  }
  if (isEnding) {
    channel.send(CODE.quit);
    return;
  }
  const who = `${hello.allocation}/${hello.rank}/${hello.host}/${hello.pid}`;
  // Its old connection may not have been missed yet.
  for (const old of dispatcher.peers)
    if (old.hello.pid === hello.pid && old.hello.host === hello.host)
      old.channel.close(new ChannelError('ERR_CHANNEL_CLOSED', 'the node has connected anew'));
  const peer = new Peer(nodes++, hello, channel, plan.welcome.workers ?? hello.cpus, seen.get(who) ?? hello.confirmed);
  channel.onRecord((code, id, extra, body) => {
    if (code === CODE.broken) return fail(new Uint8Array(body));
    dispatcher.hear(peer, code, id, extra, body);
    // Its job is about to end, and it is not known yet why.
    if (code === CODE.leaving && body.toString() === 'SIGTERM') capacity.nodeLost(hello.allocation);
    if (code === CODE.result || code === CODE.streamed) dealSoon();
  });
  channel.onClose = (reason) => {
    seen.set(who, peer.results);
    capacity.nodeLost(hello.allocation, hello.host);
    dispatcher.lose(peer, reason);
    if (!isEnding && dispatcher.outstanding > 0) capacity.ensure();
    if (isEnding && dispatcher.peers.size === 0) allLeft();
  };
  channel.send(CODE.welcome, 0, peer.results, message(plan.welcome));
  toProgram(CODE.node, peer.number, 0, Buffer.from(JSON.stringify(hello)));
  dispatcher.add(peer, held);
  capacity.nodeCame(hello.allocation, hello.host);
  dispatcher.deal();
}

function refusalOf(hello: Hello): string | null {
  if (hello.version !== version) return `it has version ${hello.version} of manycore, and the driver ${version}: both have to be the same`;
  if (hello.endianness !== endianness()) return `its numbers are ${hello.endianness}, and the driver's ${endianness()}`;
  return null;
}

let isDealing = false;
/** Once all results that have come together have been counted. */
function dealSoon(): void {
  if (isDealing) return;
  isDealing = true;
  queueMicrotask(() => {
    isDealing = false;
    dispatcher.deal();
  });
}

const NO_TERMS: Terms = { limit: 0, priority: 0, isHeard: false };
let terms = NO_TERMS;
const reader = new RecordReader((code, id, extra, body) => {
  if (code === CODE.fn) dispatcher.setFunction(id, body);
  else if (code === CODE.forget) dispatcher.forgetFunction(id);
  else if (code === CODE.terms) terms = readTerms(body);
  else if (code === CODE.heard || code === CODE.taken || code === CODE.stop) dispatcher.follow(id, code, extra);
  else {
    dispatcher.submit(id, code, extra, body, terms);
    terms = NO_TERMS;
  }
});

end.onMessage((raw) => {
  const heard = raw as ToLink;
  switch (heard.say) {
    case 'records': {
      const { buffer, byteOffset, byteLength } = heard.bytes;
      journal?.append(heard.bytes);
      reader.push(Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength));
      if (failure === null) dispatcher.deal();
      else dispatcher.failAll(failure);
      return;
    }
    case 'cancel':
      return dispatcher.cancel(heard.id, heard.running, heard.ask);
    case 'start':
      return void ready.then(() => capacity.ensure());
    case 'close':
      return void close(CODE.end);
    case 'terminate':
      return void close(CODE.quit);
  }
});

let allLeft: () => void = () => {};

/** Has the nodes end, and ends. */
async function close(how: number): Promise<void> {
  isEnding = true;
  const left = new Promise<void>((resolve) => (allLeft = resolve));
  for (const { channel } of dispatcher.peers) channel.send(how);
  if (dispatcher.peers.size === 0) allLeft();
  await within(left, { timeout: END_MS });
  const hadNodes = nodes > 0;
  for (const { channel } of dispatcher.peers) channel.close();
  await capacity.end(hadNodes && how === CODE.end ? END_MS : 0);
  (await listening)?.close();
  journal?.close();
  rmSync(plan.directory, { recursive: true, force: true });
  await caretaker.dismiss();
  tellRecords();
  tell({ say: 'gone' });
  end.close();
}

let writeRun: () => void = () => {};
async function begin(): Promise<Listener | null> {
  try {
    const listener = await listen({ ...plan, secret: Buffer.from(secret, 'hex'), onChannel: greet });
    writeRun = () => {
      const { title, hosts, heartbeat, silence, cwd, argv, main, orphanTimeout, outlives } = plan;
      writeRunFile(runFile, {
        version,
        run: title,
        secret,
        hosts,
        port: listener.port,
        heartbeat,
        silence,
        cwd,
        argv,
        main,
        orphanTimeout,
        outlives,
        pid: process.pid,
        machine: hostname(),
      });
    };
    writeRun();
    return listener;
  } catch (error) {
    fail(message(error));
    return null;
  }
}

/** How long the nodes of an earlier program are waited for, to see which tasks they have, before these are given to others. */
const RETURN_MS = 3000;

/** Takes up what an earlier program has handed over. */
async function takeUp({ tasks, functions, allocations }: JournalContent): Promise<void> {
  for (const [number, bytes] of functions) dispatcher.setFunction(number, bytes);
  dispatcher.holdBack(true);
  for (const { id, fn, body, limit, priority, isStreaming, outcome } of tasks.values())
    if (outcome === null && !isStreaming) dispatcher.submitAgain(id, fn, body, { limit, priority });
  for (const [number, { nodes: count, submitted }] of allocations) {
    capacity.countFrom(number + 1);
    const allocation = submitted === null ? null : launcher.adopt(number, count, submitted);
    if (allocation !== null) capacity.adopt(allocation);
  }
  const end = performance.now() + RETURN_MS;
  while (performance.now() < end && dispatcher.peers.size < plan.nodes) await new Promise((resolve) => setTimeout(resolve, 20));
  dispatcher.holdBack(false);
  dispatcher.deal();
}

const listening = begin();
const ready = listening.then(() => (earlier === null ? undefined : takeUp(earlier)));
