import { closeSync, existsSync, ftruncateSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { StateError } from '../../../base/errors.ts';
import { decode, encode } from '../../../message/index.ts';
import { CODE } from '../../channel/codes.ts';
import { RecordReader, RecordWriter } from '../../channel/records.ts';
import { readRunFile } from '../../channel/run-file.ts';
import { writeAll } from '../../../host/thread/output.ts';
import { writeWhole } from '../array/manifest.ts';
import type { Submitted } from '../launch/submit.ts';
import type { LinkPlan } from './plan.ts';

/*
 * What another program needs to take up a run whose program was killed. In the run's folder:
 *
 *   plan      how the run is made, as a message
 *   journal   records: what the program has handed over, as it came; what has come of it; which nodes were asked for
 *
 * It is in the system's hands before a node hears that its results have come: who kills the program loses nothing, who cuts the power may.
 */
const pathOf = (folder: string): string => join(folder, 'journal');
const planOf = (folder: string): string => join(folder, 'plan');

export interface JournalTask {
  readonly id: number;
  readonly fn: number;
  readonly limit: number;
  readonly priority: number;
  readonly body: Buffer;
  /** It has begun to yield. */
  isStreaming: boolean;
  /** `null` while nothing has come of it. */
  outcome: { readonly isCancelled: boolean; readonly kind: number; readonly body: Buffer } | null;
}

/** What is known of a run. */
export interface JournalContent {
  /** In the order in which they were handed over; without the chunks of maps, which nobody can read any more. */
  readonly tasks: ReadonlyMap<number, JournalTask>;
  readonly functions: ReadonlyMap<number, Buffer>;
  /** `null` for processes of this machine that stand in for nodes. */
  readonly allocations: ReadonlyMap<number, { readonly nodes: number; readonly submitted: Submitted | null }>;
  /** The last number that a task, and a function, has had. */
  readonly lastTask: number;
  readonly lastFunction: number;
  /** So many bytes are whole records. */
  readonly length: number;
}

/** The terms of a task, as the program tells them. */
export function readTerms(body: Buffer): { readonly limit: number; readonly priority: number; readonly isHeard: boolean } {
  // The link and its program are on one machine: its numbers are in one order.
  const [limit = 0, priority = 0, isHeard = 0] = new Float64Array(new Uint8Array(body).buffer);
  return { limit, priority, isHeard: isHeard === 1 };
}

export class Journal {
  readonly #fd: number;
  readonly #writer = new RecordWriter();

  /** Goes on behind the first `length` bytes. */
  constructor(folder: string, length: number) {
    this.#fd = openSync(pathOf(folder), 'a', 0o600);
    ftruncateSync(this.#fd, length);
  }

  /** What the program hands over. */
  append(records: Uint8Array): void {
    this.flush();
    writeAll(this.#fd, records);
  }

  add(code: number, id: number, extra: number, body: Uint8Array | null): void {
    if (this.#writer.length === 0) queueMicrotask(() => this.flush());
    this.#writer.add(code, id, extra, body);
  }

  flush(): void {
    if (this.#writer.length > 0) writeAll(this.#fd, this.#writer.take());
  }

  close(): void {
    this.flush();
    closeSync(this.#fd);
  }
}

export function writePlan(plan: LinkPlan): void {
  writeWhole(planOf(plan.directory), new Uint8Array(encode(plan, { where: 'program' }).bytes));
}

/** Throws `StateError` when there is no such run. */
export function readPlan(folder: string): LinkPlan {
  if (!existsSync(planOf(folder)) || !existsSync(pathOf(folder)))
    throw new StateError(
      'ERR_NO_RUN',
      `${folder} holds no run that outlives its program: it was not asked for (\`outlives\`), or the run has ended`,
    );
  // What others could have written is not decoded.
  readRunFile(join(folder, 'run.json'));
  return decode(readFileSync(planOf(folder))) as LinkPlan;
}

export function readJournal(folder: string): JournalContent {
  const tasks = new Map<number, JournalTask>();
  const functions = new Map<number, Buffer>();
  const allocations = new Map<number, { nodes: number; submitted: Submitted | null }>();
  let lastTask = 0;
  let lastFunction = 0;
  let terms = readTerms(Buffer.alloc(0));
  const end = (id: number, isCancelled: boolean, kind: number, body: Buffer): void => {
    const task = tasks.get(id);
    if (task !== undefined && (task.outcome === null || task.outcome.isCancelled)) task.outcome = { isCancelled, kind, body };
  };
  const reader = new RecordReader((code, id, extra, body) => {
    switch (code) {
      case CODE.fn:
        lastFunction = Math.max(lastFunction, id);
        return void functions.set(id, body);
      case CODE.forget:
        return void functions.delete(id);
      case CODE.terms:
        terms = readTerms(body);
        return;
      case CODE.allocation:
        return void allocations.set(id, { nodes: extra, submitted: JSON.parse(body.toString()) as Submitted | null });
      case CODE.stream: {
        const task = tasks.get(id);
        if (task !== undefined) task.isStreaming = true;
        return;
      }
      case CODE.result:
      case CODE.streamed:
        return end(id, false, extra, body);
      case CODE.cancelled:
        return end(id, true, 0, body);
      case CODE.task:
      case CODE.chunk:
      case CODE.chunkOfLists:
        lastTask = Math.max(lastTask, id);
        // A task that is tried again has the number that it had.
        if (code === CODE.task) tasks.set(id, { ...terms, id, fn: extra, body, isStreaming: false, outcome: null });
        terms = readTerms(Buffer.alloc(0));
    }
  });
  const bytes = readFileSync(pathOf(folder));
  reader.push(bytes);
  return { tasks, functions, allocations, lastTask, lastFunction, length: bytes.length - reader.pending };
}
