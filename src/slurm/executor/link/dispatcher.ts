import { Backlog } from '../../../futures/process-pool/backlog.ts';
import type { ChannelError } from '../../channel/errors.ts';
import { CANCELLED, CODE, FAILED, KIND_BITS } from '../../channel/codes.ts';
import type { Peer } from './peer.ts';
import { DOUBTED, OVER, QUEUED, SENT, type Task, type Ticket } from './task.ts';

/** What the dispatcher tells. */
export interface Report {
  /** The program's thread is told this. */
  toProgram(code: number, id: number, extra: number, body: Uint8Array | null): void;
  /** What a task fails with whose node is lost for good. */
  describeLoss(task: Task, peer: Peer, reason: ChannelError): Promise<Uint8Array>;
  /** An answer to `cancel`. */
  answer(ask: number, isTaken: boolean): void;
  /** A task waits, and no node has room for it. */
  wantsNodes(): void;
  /** A task is over; what it has come to is told, if anything is. */
  ended(id: number): void;
  /** A node is about to forget the results that have come from it. */
  confirms(): void;
}

/** What a node keeps until it hears that it has come. */
const KEPT: ReadonlySet<number> = new Set([CODE.result, CODE.said, CODE.stream, CODE.yielded, CODE.streamed]);

/** Tells a node what the program has had of a task. */
const tellProgress = (task: Task, { channel }: Peer, code: number): void =>
  channel.send(code, task.id, code === CODE.heard ? task.heard : code === CODE.taken ? task.taken : 0);

const isLeft = (ticket: Ticket): boolean => ticket.isLeft;
/** How often nodes are asked to give tasks back. */
const RECALL_MS = 10;

/** Deals tasks out to nodes, and again when a node is lost. Knows nothing of how nodes come. */
export class Dispatcher {
  readonly #report: Report;
  /** How often a task is run again that had begun on a node that was lost. */
  readonly #lossesMax: number;
  readonly #tasks = new Map<number, Task>();
  readonly #backlog = new Backlog<Ticket>();
  readonly #functions = new Map<number, Buffer>();
  /** In the order in which they are dealt to. */
  readonly peers = new Set<Peer>();
  readonly #asks = new Map<number, { readonly asks: number[]; readonly peer: Peer }>();
  #numbers = 0;
  #recalled = 0;

  constructor(report: Report, lossesMax: number) {
    this.#report = report;
    this.#lossesMax = lossesMax;
  }

  /** How many tasks have not ended. */
  get outstanding(): number {
    return this.#tasks.size;
  }
  get queued(): number {
    return this.#backlog.length;
  }
  /** How many workers the nodes have that are here. */
  get workers(): number {
    let sum = 0;
    for (const { workers } of this.peers) sum += workers;
    return sum;
  }

  setFunction(number: number, bytes: Buffer): void {
    this.#functions.set(number, bytes);
  }

  forgetFunction(number: number): void {
    this.#functions.delete(number);
    for (const peer of this.peers) if (peer.functions.delete(number)) peer.channel.send(CODE.forget, number);
  }

  submit(
    id: number,
    code: number,
    fn: number,
    body: Buffer,
    { limit, priority, isHeard }: Pick<Task, 'limit' | 'priority' | 'isHeard'>,
  ): void {
    const task: Task = {
      number: this.#numbers++,
      id,
      code,
      fn,
      body,
      limit,
      priority,
      isHeard,
      state: QUEUED,
      ticket: null,
      peer: null,
      hasBegun: false,
      losses: 0,
      isStreaming: false,
      heard: 0,
      taken: 0,
      isStopped: false,
    };
    this.#tasks.set(id, task);
    this.#backlog.push(this.#queue(task));
  }

  #queue(task: Task): Ticket {
    const { number, priority } = task;
    task.state = QUEUED;
    return (task.ticket = { number, priority, task, isLeft: false });
  }

  #queueAgain(task: Task): void {
    this.#takeFrom(task);
    this.#backlog.unshift(this.#queue(task));
  }

  /** It leaves the backlog before its turn. */
  #unqueue(task: Task): void {
    if (task.ticket === null) return;
    task.ticket.isLeft = true;
    task.ticket = null;
    this.#backlog.markStale();
  }

  /** Nothing is dealt out until `deal` is called after it: nodes may come that have some of it already. */
  holdBack(isHeld: boolean): void {
    this.#isHeldBack = isHeld;
  }
  #isHeldBack = false;

  /** Nobody hears any more what a task says that an earlier program has handed over: it may go on as it likes. */
  submitAgain(id: number, fn: number, body: Buffer, terms: Pick<Task, 'limit' | 'priority'>): void {
    this.submit(id, CODE.task, fn, body, { ...terms, isHeard: false });
    this.#tasks.get(id)!.heard = 2 ** 32 - 1;
  }

  /** Gives out as much as the nodes have room for. */
  deal(): void {
    if (this.#isHeldBack) return;
    while (this.#backlog.length > 0) {
      const peer = this.#nextPeer();
      if (peer === null) return this.#report.wantsNodes();
      const ticket = this.#backlog.shift(isLeft);
      if (ticket === undefined) return;
      ticket.task.ticket = null;
      this.#send(ticket.task, peer);
    }
    this.#rebalance();
  }

  /** The node that has most room: nodes fill up alike. */
  #nextPeer(): Peer | null {
    let best: Peer | null = null;
    let most = 0;
    for (const peer of this.peers) {
      const { room } = peer;
      if (room <= most) continue;
      best = peer;
      most = room;
    }
    return best;
  }

  #send(task: Task, peer: Peer): void {
    if (!peer.functions.has(task.fn)) {
      peer.channel.send(CODE.fn, task.fn, 0, this.#functions.get(task.fn) ?? Buffer.alloc(0));
      peer.functions.add(task.fn);
    }
    if (task.limit > 0) peer.channel.send(CODE.limit, 0, task.limit);
    if (task.isHeard) peer.channel.send(CODE.listen);
    task.heard = 0;
    peer.channel.send(task.code, task.id, task.fn, task.body);
    this.#give(task, peer);
  }

  #give(task: Task, peer: Peer): void {
    task.state = SENT;
    task.peer = peer;
    task.hasBegun = false;
    peer.tasks.set(task.id, task);
    peer.bytes += task.body.length;
  }

  #takeFrom(task: Task): void {
    const { peer } = task;
    if (peer?.tasks.delete(task.id) === true) peer.bytes -= task.body.length;
    task.peer = null;
  }

  /** Nobody waits any more, and some nodes have more than they can begin while others have nothing to do: they give it back. */
  #rebalance(): void {
    if (this.peers.size < 2 || performance.now() - this.#recalled < RECALL_MS) return;
    let idle = 0;
    for (const peer of this.peers) if (peer.leaves === null) idle += Math.max(0, peer.workers - peer.tasks.size);
    if (idle === 0) return;
    for (const peer of this.peers) {
      const spare = Math.min(idle, peer.tasks.size - peer.workers);
      if (spare <= 0 || peer.isRecalled) continue;
      peer.isRecalled = true;
      this.#recalled = performance.now();
      peer.channel.send(CODE.recall, 0, Math.ceil(spare / 2));
      idle -= spare;
      if (idle <= 0) return;
    }
  }

  /** What a node says. */
  hear(peer: Peer, code: number, id: number, extra: number, body: Buffer): void {
    this.#hear(peer, code, id, extra, body);
    if (!KEPT.has(code) || !peer.received(body.length)) return;
    this.#report.confirms();
    peer.confirm();
  }

  #hear(peer: Peer, code: number, id: number, extra: number, body: Buffer): void {
    switch (code) {
      case CODE.result:
        return this.#result(peer, id, extra, body);
      case CODE.said:
      case CODE.stream:
      case CODE.yielded:
      case CODE.streamed:
        return this.#goesOn(peer, code, id, extra, body);
      case CODE.begun: {
        const task = peer.tasks.get(id);
        if (task === undefined) return;
        task.hasBegun = true;
        this.#report.toProgram(CODE.begun, id, peer.number, null);
        return;
      }
      case CODE.returned: {
        const task = peer.tasks.get(id);
        if (task === undefined) return;
        this.#queueAgain(task);
        return;
      }
      case CODE.recalled:
        peer.isRecalled = false;
        return this.deal();
      case CODE.cancelled: {
        const asked = this.#asks.get(id);
        if (asked === undefined) return;
        this.#asks.delete(id);
        if (extra === 1) this.#over(id);
        for (const ask of asked.asks) this.#report.answer(ask, extra === 1);
        return;
      }
      case CODE.leaving:
        peer.leaves = body.toString();
        return this.#report.wantsNodes();
    }
  }

  #result(peer: Peer, id: number, kind: number, body: Buffer): void {
    peer.countEnd();
    const task = this.#tasks.get(id);
    if (task === undefined) return;
    // A task that was taken for lost, and is queued or runs elsewhere, has ended here after all: the first outcome counts.
    if (kind === CANCELLED && task.peer !== peer) return;
    if (task.peer !== null && task.peer !== peer) task.peer.channel.send(CODE.cancel, id, 1);
    this.#over(id);
    if (kind !== CANCELLED || !this.#asks.has(id)) this.#report.toProgram(CODE.result, id, kind | (peer.number << KIND_BITS), body);
  }

  /** A task says or yields something, or its stream has ended. Of one that runs elsewhere by now, nothing is told. */
  #goesOn(peer: Peer, code: number, id: number, kind: number, body: Buffer): void {
    const task = peer.tasks.get(id);
    if (task === undefined) return;
    if (code === CODE.stream) task.isStreaming = true;
    if (code === CODE.streamed) this.#over(id);
    this.#report.toProgram(code, id, kind | (peer.number << KIND_BITS), body);
  }

  /** The program has heard, or read, so much more of what a task gives; or reads no more. */
  follow(id: number, code: number, more: number): void {
    const task = this.#tasks.get(id);
    if (task === undefined) return;
    if (code === CODE.heard) task.heard += more;
    else if (code === CODE.taken) task.taken += more;
    else task.isStopped = true;
    if (task.peer !== null) tellProgress(task, task.peer, code);
  }

  #over(id: number): void {
    const task = this.#tasks.get(id);
    if (task === undefined) return;
    this.#tasks.delete(id);
    this.#unqueue(task);
    this.#takeFrom(task);
    task.state = OVER;
    this.#report.ended(id);
  }

  /** Takes a task back; with `running`, also breaks it off. The answer comes by `answer`. */
  cancel(id: number, running: boolean, ask: number): void {
    const task = this.#tasks.get(id);
    if (task === undefined) return this.#report.answer(ask, false);
    const { peer } = task;
    if (task.state !== SENT || peer === null) {
      this.#over(id);
      return this.#report.answer(ask, true);
    }
    this.#asks.set(id, { asks: [...(this.#asks.get(id)?.asks ?? []), ask], peer });
    peer.channel.send(CODE.cancel, id, running ? 1 : 0);
  }

  /** A node has come; it may still have tasks from an earlier connection. */
  add(peer: Peer, held: readonly number[]): void {
    this.peers.add(peer);
    for (const id of held) {
      const task = this.#tasks.get(id);
      if (task !== undefined && (task.state === QUEUED || task.state === DOUBTED)) {
        this.#unqueue(task);
        this.#give(task, peer);
        // It may have been said while there was no connection.
        for (const code of [CODE.heard, CODE.taken, ...(task.isStopped ? [CODE.stop] : [])]) tellProgress(task, peer, code);
      } else peer.channel.send(CODE.cancel, id, 1);
    }
  }

  /** A node is lost: what had not begun goes elsewhere, what had begun too, as often as it may. */
  lose(peer: Peer, reason: ChannelError): void {
    if (!this.peers.delete(peer)) return;
    for (const [id, { asks, peer: asked }] of this.#asks) {
      if (asked !== peer) continue;
      this.#asks.delete(id);
      this.#over(id);
      for (const ask of asks) this.#report.answer(ask, true);
    }
    const tasks = [...peer.tasks.values()];
    for (let i = tasks.length - 1; i >= 0; i--) {
      const task = tasks[i]!;
      // What begins is told a moment later: as many as there are workers may have begun.
      const mayHaveBegun = task.hasBegun || i < peer.workers;
      if (task.isStreaming || (mayHaveBegun && task.losses++ >= this.#lossesMax)) {
        this.#takeFrom(task);
        task.state = DOUBTED;
        void this.#report.describeLoss(task, peer, reason).then((error) => {
          if (task.state === DOUBTED) this.#fail(task, error);
        });
      } else this.#queueAgain(task);
    }
    this.deal();
  }

  #fail(task: Task, error: Uint8Array): void {
    this.#over(task.id);
    this.#report.toProgram(CODE.result, task.id, FAILED, error);
  }

  /** Nothing will run any more. */
  failAll(error: Uint8Array): void {
    for (const task of this.#tasks.values()) this.#fail(task, error);
  }
}
