import { atExit } from '../base/at-exit.ts';
import { checkOptions } from '../base/check-options.ts';
import { asked, type Wait } from '../base/deadline.ts';
import { StateError } from '../base/errors.ts';
import { BrokenPipeError, EndOfFileError } from '../host/peer/errors.ts';
import { Queue, QueueEmpty } from '../queue/index.ts';
import type { Waiting } from '../sync/waiting.ts';
import { reduce } from '../message/closures/index.ts';
import { Face, Place, registerFace, waitFor, waitForSync } from '../threading/face.ts';
import { dropHolding, holding } from '../word/holdings.ts';
import { processHeap } from '../word/process-heap.ts';
import { faceOf, handle } from '../word/shareable.ts';
import { type AtMost, type ByteRange, bytesOf, Connection, type Message, slice, valueOf } from './connection.ts';

/*
 * A pipe is one block: 16 bytes for each of its two ends, then the two queues that carry the messages.
 *
 *   0   end A: open      how many connections of this end there are, in all processes; those of the dead are taken off
 *   4          underway  how many more travel in messages
 *   8          bell      changes when something has come for this end, or its peer has closed
 *   12         sleepers  how many sleep on the bell
 *   16  end B: the same
 *   32  the queue to A, 36 the queue to B (blocks / 16; 0: nothing may be sent there)
 *   40  1 when the queues have been let go
 *
 *   an end is   OPEN    open + underway > 0
 *               CLOSED  open + underway = 0, for ever
 *
 * Invariant: who brings an end to CLOSED rings the bell of the other one; a death does not, so a sleeper looks again at
 * the end of each slice of its wait.
 */
const OPEN = 0;
const UNDERWAY = 4;
const BELL = 8;
const SLEEPERS = 12;
const END_BYTES = 16;
const QUEUES = 32;
const LET_GO = 40;
const BYTES = 48;
/** So many messages may wait; then `send` waits for the reader. */
const MESSAGES_MAX = 1024;

/** Ends that are being packed into a message, for who has to know that the message was never read. */
export const packed: { ends: PipeConnection[] | null } = { ends: null };

/** The block of a pipe, which its ends keep. */
class Pipeline extends Face {
  constructor(place: Place = Place.allocate(BYTES, processHeap())) {
    super('pipe', place);
  }

  get block(): Place {
    return this.place;
  }
}
registerFace('pipe', (place) => new Pipeline(place), import.meta.url);

interface Counted {
  readonly block: Place;
  readonly end: number;
  readonly held: number;
}

const forgotten = new FinalizationRegistry<Counted>((counted) => letGo(counted));
/** What this thread has open: closed when it ends for good. One that is killed has its connections taken off by whoever notices. */
const open = new Set<Counted>();

function count(counted: Counted): void {
  // Before the process leaves the roster, which forgets what the thread would have given back.
  if (open.size === 0) atExit(closeAll, 'first');
  open.add(counted);
}

function closeAll(): void {
  for (const counted of open) letGo(counted);
}

/** One connection of an end less. */
function letGo(counted: Counted): void {
  const { block, end, held } = counted;
  if (!open.delete(counted)) return;
  if (open.size === 0) process.removeListener('exit', closeAll);
  block.heap.i32[held / 4] = 0;
  block.word(end + OPEN).add(-1);
  afterChange(block, end);
  dropHolding(held, block.heap);
}

const isClosed = (block: Place, end: number): boolean => block.word(end + OPEN).load() + block.word(end + UNDERWAY).load() <= 0;

/** Tells the other end when this one has closed, and lets the queues go with the last one. */
function afterChange(block: Place, end: number): void {
  if (!isClosed(block, end)) return;
  ring(block, END_BYTES - end, 0x7fff_ffff);
  if (!isClosed(block, END_BYTES - end) || block.word(LET_GO).compareExchange(0, 1) !== 0) return;
  for (const queue of [QUEUES, QUEUES + 4]) {
    const at = (block.word(queue).load() >>> 0) * 16;
    if (at !== 0) block.heap.release(at);
  }
}

function ring(block: Place, end: number, count: number): void {
  block.word(end + BELL).add(1);
  if (block.word(end + SLEEPERS).load() > 0) block.word(end + BELL).wake(count);
}

/**
 * One end of a pipe between processes that share memory.
 *
 * Shared things arrive as themselves. An end may be given to other processes and threads; each has to close its own. The other end
 * learns of it when all have been closed, or their processes have died.
 */
export class PipeConnection extends Connection {
  readonly #pipe: Pipeline;
  readonly #block: Place;
  readonly #end: number;
  readonly #incoming: Queue<Message> | null;
  readonly #outgoing: Queue<Message> | null;
  #counted: Counted | null;

  /** @internal Ends are made by `Pipe()`. */
  constructor(pipe: Pipeline, end: number) {
    super();
    const { block } = pipe;
    this.#pipe = pipe;
    this.#block = block;
    this.#end = end;
    this.#incoming = this.#queue(end);
    this.#outgoing = this.#queue(END_BYTES - end);
    const word = holding(block.offset + end + OPEN, 0, block.offset, block.heap);
    block.word(end + OPEN).add(1);
    block.heap.i32[word / 4] = -1;
    this.#counted = { block, end, held: word };
    count(this.#counted);
    forgotten.register(this, this.#counted, this);
  }

  #queue(of: number): Queue<Message> | null {
    const at = (this.#block.word(QUEUES + of / 4).load() >>> 0) * 16;
    return at === 0 ? null : (faceOf('queue', at, undefined, this.#block.heap) as Queue<Message>);
  }

  /** How it is made in another thread or process: a connection of the same end, counted from now on. */
  [reduce](): readonly [typeof receiveConnection, readonly [Pipeline, number]] {
    this.#check('send');
    this.#block.word(this.#end + UNDERWAY).add(1);
    packed.ends?.push(this);
    return [receiveConnection, [this.#pipe, this.#end]];
  }

  /** @internal The message that this end was packed into has been read, or never will be. */
  arrived(): void {
    this.#block.word(this.#end + UNDERWAY).add(-1);
    afterChange(this.#block, this.#end);
  }

  override get readable(): boolean {
    return this.#incoming !== null;
  }
  override get writable(): boolean {
    return this.#outgoing !== null;
  }
  override get closed(): boolean {
    return this.#counted === null;
  }

  #check(act: string): void {
    if (this.#counted === null)
      throw new StateError('ERR_CONNECTION_CLOSED', `cannot ${act} this end of a pipe: this thread has closed it`);
  }

  #out(): Queue<Message> {
    this.#check('send through');
    if (this.#outgoing === null) throw new StateError('ERR_READ_ONLY', 'cannot send: this end of the pipe is for receiving only');
    if (isClosed(this.#block, END_BYTES - this.#end)) throw new BrokenPipeError('cannot send: the other end of the pipe is closed');
    return this.#outgoing;
  }

  #in(): Queue<Message> {
    this.#check('receive from');
    if (this.#incoming === null) throw new StateError('ERR_WRITE_ONLY', 'cannot receive: this end of the pipe is for sending only');
    return this.#incoming;
  }

  override async send(value: unknown, wait?: Wait): Promise<void> {
    await this.#out().put([value], wait);
    this.#hasSent();
  }
  override sendSync(value: unknown, wait?: Wait): void {
    this.#out().putSync([value], wait);
    this.#hasSent();
  }

  override async sendBytes(bytes: Uint8Array, options?: Wait & ByteRange): Promise<void> {
    const { offset, size, ...wait } = asked(options);
    await this.#out().put(slice(bytes, { offset, size }), wait);
    this.#hasSent();
  }
  override sendBytesSync(bytes: Uint8Array, options?: Wait & ByteRange): void {
    const { offset, size, ...wait } = asked(options);
    this.#out().putSync(slice(bytes, { offset, size }), wait);
    this.#hasSent();
  }

  #hasSent(): void {
    ring(this.#block, END_BYTES - this.#end, 0x7fff_ffff);
  }

  override async recv(wait?: Wait): Promise<unknown> {
    return valueOf(await waitFor(this.#message(), wait));
  }
  override recvSync(wait?: Wait): unknown {
    return valueOf(waitForSync(this.#message(), wait));
  }

  override async recvBytes(options?: Wait & AtMost): Promise<Uint8Array> {
    const { maxLength, ...wait } = asked(options);
    return bytesOf(await waitFor(this.#message(), wait), maxLength);
  }
  override recvBytesSync(options?: Wait & AtMost): Uint8Array {
    const { maxLength, ...wait } = asked(options);
    return bytesOf(waitForSync(this.#message(), wait), maxLength);
  }

  override poll(wait?: Wait): Promise<boolean> {
    const { timeout = 0, signal } = asked(wait);
    this.#in();
    return waitFor(this.#ready(), { timeout, signal });
  }
  override pollSync(wait?: Pick<Wait, 'timeout'>): boolean {
    const { timeout = 0 } = asked(wait);
    this.#in();
    return waitForSync(this.#ready(), { timeout });
  }

  *#message(): Waiting<Message | null> {
    const queue = this.#in();
    for (;;) {
      if (!(yield* this.#ready())) return null;
      try {
        return queue.getNoWait();
      } catch (error) {
        if (!(error instanceof QueueEmpty)) throw error;
      }
      // Nothing there and ready all the same: the other end is closed, unless another receiver was quicker.
      if (queue.isEmpty && isClosed(this.#block, END_BYTES - this.#end))
        throw new EndOfFileError('nothing more to receive: the other end of the pipe is closed');
    }
  }

  *#ready(): Waiting<boolean> {
    const bell = this.#block.word(this.#end + BELL);
    const sleepers = this.#block.word(this.#end + SLEEPERS);
    const isReady = (): boolean => !this.#incoming!.isEmpty || isClosed(this.#block, END_BYTES - this.#end);
    if (isReady()) return true;
    sleepers.add(1);
    try {
      for (;;) {
        const expected = bell.load();
        if (isReady()) return true;
        const reason = yield { word: bell, expected };
        if (reason === 'timed-out' || reason === 'cancelled') return isReady();
      }
    } finally {
      sleepers.add(-1);
    }
  }

  override close(): void {
    if (this.#counted === null) return;
    forgotten.unregister(this);
    const counted = this.#counted;
    this.#counted = null;
    letGo(counted);
  }
}

/** The end of a pipe that came in a message. */
export function receiveConnection(pipe: Pipeline, end: number): PipeConnection {
  const connection = new PipeConnection(pipe, end);
  connection.arrived();
  return connection;
}

/**
 * A pipe between processes: its two ends. Both send and receive; with `{ duplex: false }` the first one only receives and the
 * second one only sends.
 */
export function Pipe(options: { readonly duplex?: boolean } = {}): [PipeConnection, PipeConnection] {
  checkOptions(options, 'a Pipe', '{ duplex: false }');
  const { duplex = true } = options;
  const heap = processHeap();
  const pipe = new Pipeline();
  for (const end of duplex ? [0, END_BYTES] : [0]) {
    const queue = new Queue({ maxSize: MESSAGES_MAX }, heap);
    const { offset } = queue[handle]();
    heap.retain(offset);
    pipe.block.word(QUEUES + end / 4).store(offset / 16);
  }
  return [new PipeConnection(pipe, 0), new PipeConnection(pipe, END_BYTES)];
}
