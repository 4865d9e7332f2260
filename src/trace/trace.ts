import { writeFileSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { StateError } from '../base/errors.ts';
import { observer } from '../base/observer.ts';
import { type TraceFile, traceFile } from './events.ts';
import type { LanePart } from './lane.ts';
import { LaneRecorder } from './lane-recorder.ts';
import { timelinePage } from './timeline-page.ts';

/**
 * Records when this thread runs and waits for what. `start` and `stop` may be called again and again; neither blocks nor waits. It is a
 * scope as well: `using trace = new Trace().start()`.
 *
 * Only this thread: all threads and processes of a program are recorded by `npx manycore trace app.ts`.
 */
export class Trace implements Disposable {
  /** What the thread is called. */
  readonly name: string;
  readonly #recorder = new LaneRecorder();
  readonly #parts: LanePart[] = [];
  #isRecording = false;

  constructor({ name = 'main' }: { readonly name?: string | undefined } = {}) {
    this.name = name;
  }

  /** Begins to record. `StateError` when a profile or another trace records in this thread. */
  start(): this {
    if (this.#isRecording) return this;
    if (observer.current !== null)
      throw new StateError(
        'ERR_TRACE_ACTIVE',
        `cannot record the trace ${JSON.stringify(this.name)}: a profile or another trace records in this thread. Stop that first`,
      );
    this.#recorder.start();
    this.#isRecording = true;
    return this;
  }

  /** Ends the recording; without effect when it does not record. */
  stop(): this {
    if (!this.#isRecording) return this;
    this.#isRecording = false;
    this.#parts.push(this.#recorder.stop(this.name, true));
    return this;
  }

  /** Whether events are being written down, at this moment. */
  get isRecording(): boolean {
    return this.#isRecording;
  }

  /** What has been recorded so far. */
  get file(): TraceFile {
    if (this.#isRecording) this.stop().start();
    return traceFile(this.#parts);
  }

  /** Writes it: as a page that needs nothing else when the name ends in `.html`, and otherwise as JSON, for https://ui.perfetto.dev. */
  write(file: string): this {
    writeTrace(this.file, file, this.name);
    return this;
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}

export function writeTrace(trace: TraceFile, file: string, title = basename(file)): void {
  writeFileSync(file, extname(file) === '.html' ? timelinePage(trace, title) : JSON.stringify(trace));
}
