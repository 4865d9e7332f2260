import { isatty } from 'node:tty';
import { drawStatus, ERASE, eraseBeforeStreams, writeAll } from '../host/thread/output.ts';

/** How the progress of a `map` is shown. */
export interface ProgressOptions {
  /** What stands before the bar. */
  readonly title?: string | undefined;
  /** How many items there are, when that can't be seen. */
  readonly total?: number | undefined;
  /** Where it goes, and whether that is a terminal; stderr when left out. */
  readonly write?: ((text: string) => void) | undefined;
  /** Whether a bar can be drawn there. Left out: whether stderr is a terminal, and `false` for a `write` of your own. */
  readonly isTerminal?: boolean | undefined;
}

const REDRAW_MS = 100;
const WIDTH = 30;

/**
 * How far something is: a bar on a terminal, a line for every tenth elsewhere.
 *
 * The bar stands on the line below the cursor, and goes away when a thread prints something, until it is drawn again: lines come out whole above it.
 */
export class Progress {
  readonly #title: string;
  readonly #write: (text: string) => void;
  readonly #draw: (text: string) => void;
  readonly #release: (() => void) | null;
  readonly #isTerminal: boolean;
  readonly #begin = performance.now();
  #total: number;
  #done = 0;
  #tenths = 0;
  #drawn = 0;

  constructor(options: ProgressOptions, total: number) {
    this.#title = options.title === undefined ? '' : `${options.title} `;
    this.#total = options.total ?? total;
    this.#write = options.write ?? ((text) => writeAll(2, Buffer.from(text)));
    this.#isTerminal = options.isTerminal ?? (options.write === undefined && isatty(2));
    this.#draw = options.write ?? drawStatus;
    this.#release = this.#isTerminal && options.write === undefined ? eraseBeforeStreams() : null;
  }

  /** So many more are done. */
  add(count: number): void {
    this.#done += count;
    if (this.#isTerminal) {
      const now = performance.now();
      if (now - this.#drawn < REDRAW_MS) return;
      this.#drawn = now;
      this.#draw(`${ERASE}\n${this.#line()}\x1b[1A\r`);
      return;
    }
    if (this.#total === Infinity) return;
    const tenths = Math.floor((this.#done * 10) / this.#total);
    if (tenths === this.#tenths || tenths >= 10) return;
    this.#tenths = tenths;
    this.#write(`${this.#line()}\n`);
  }

  /** Nothing more comes. */
  end(): void {
    this.#total = Math.max(this.#done, this.#total === Infinity ? this.#done : this.#total);
    this.#write(`${this.#isTerminal ? ERASE : ''}${this.#line()}\n`);
    this.#release?.();
  }

  #line(): string {
    const seconds = (performance.now() - this.#begin) / 1000;
    const rate = this.#done / Math.max(seconds, 1e-3);
    const speed = `${rate >= 10 ? Math.round(rate) : rate.toFixed(1)}/s`;
    if (this.#total === Infinity) return `${this.#title}${this.#done} (${clock(seconds)}, ${speed})`;
    const share = this.#total === 0 ? 1 : this.#done / this.#total;
    const percent = `${Math.floor(share * 100)}`.padStart(3);
    const counts = `${this.#done}/${this.#total}`;
    const left = this.#done < this.#total && rate > 0 ? `, ${clock((this.#total - this.#done) / rate)} left` : '';
    const bar = this.#isTerminal ? ` [${'#'.repeat(Math.round(share * WIDTH)).padEnd(WIDTH, '.')}]` : '';
    return `${this.#title}${percent} %${bar} ${counts} (${clock(seconds)}${left}, ${speed})`;
  }
}

function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (n: number): string => String(n).padStart(2, '0');
  return whole < 3600
    ? `${Math.floor(whole / 60)}:${two(whole % 60)}`
    : `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}
