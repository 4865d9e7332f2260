import type { ExactCalls } from '../raw-profile.ts';
import type { Instrumented } from './instrument.ts';

/*
 * What instrumented code tells of this thread: who called whom and how often. Functions get their numbers when they first run; 0
 * stands for whatever is not instrumented. The calls of each edge lie in a square table caller * FUNCTIONS_MAX + callee, of which
 * only the part that is used takes memory.
 *
 * The calls of each instrumented function cost what this file costs: it is written for V8's optimiser. State that changes with
 * each call is in typed arrays, for a number that is no small integer would be made anew with each change.
 */
export const FUNCTIONS_MAX = 4096;
export const OTHERS = FUNCTIONS_MAX - 1;

interface Known {
  readonly url: string;
  readonly name: string;
  readonly line: number;
  readonly column: number;
  readonly isAsync: boolean;
}

export const functions: Known[] = [{ url: '', name: '', line: 0, column: 0, isAsync: false }];
export const counts = { of: new Float64Array(0) };

/** Keeps what was called by each function in room for all. */
export function makeRoom(): Float64Array<ArrayBuffer> {
  return new Float64Array(FUNCTIONS_MAX * FUNCTIONS_MAX);
}

/** What the code of one script tells its calls to. What `begin` gives, `end` wants back. */
export abstract class Recorder {
  protected readonly ids: Int32Array;
  /** A field of its own: V8 takes what a constant object has in its fields for constant as well. */
  protected readonly counts = counts.of;
  readonly #url: string;
  readonly #functions: readonly Instrumented[];

  constructor(url: string, list: readonly Instrumented[]) {
    this.#url = url;
    this.#functions = list;
    this.ids = new Int32Array(list.length);
  }

  protected enrol(number: number): number {
    if (functions.length >= OTHERS) return (this.ids[number] = OTHERS);
    const [name, line, column, isAsync] = this.#functions[number]!;
    return (this.ids[number] = functions.push({ url: this.#url, name, line, column, isAsync: isAsync === 1 }) - 1);
  }

  abstract begin(number: number): number;
  abstract end(before: number): void;
  /** The same for a function that may stop in the middle. */
  abstract beginStopping(number: number): object;
  abstract endStopping(frame: object): void;
  /** The function waits, or has yielded. */
  abstract stopped<T>(frame: object, value: T): T;
  /** It goes on; without effect when it does already. */
  abstract goOn<T>(frame: object, value?: T): T | undefined;

  /** A function that is sent by value takes the recorder of the thread in which it arrives. */
  get [Symbol.for('manycore.reduce')](): unknown {
    return () => [recorderOf, [this.#url, this.#functions]];
  }
}

type Make = new (url: string, list: readonly Instrumented[]) => Recorder;
const recorders = new Map<string, Recorder>();
let make: Make | null = null;

export function recordWith(kind: Make): void {
  make = kind;
  counts.of = makeRoom();
}

/** The recorder of a script in this thread. */
export function recorderOf(url: string, list: readonly Instrumented[]): Recorder {
  let recorder = recorders.get(url);
  if (recorder === undefined) recorders.set(url, (recorder = new make!(url, list)));
  return recorder;
}

/** Times of the edges, in milliseconds, in tables like that of the calls. */
export interface EdgeTimes {
  readonly cumulative: Float64Array;
  readonly self: Float64Array;
}

/** The calls since the last time, with their times. */
export function takeEdges(times: EdgeTimes | null): ExactCalls['edges'] {
  const edges: [number, number, number, number, number][] = [];
  const ids = idsInUse();
  for (const caller of ids) {
    for (const callee of ids) {
      const edge = caller * FUNCTIONS_MAX + callee;
      const [calls, cumulative, self] = [counts.of[edge]!, times?.cumulative[edge] ?? 0, times?.self[edge] ?? 0];
      if (callee === 0 || (calls === 0 && cumulative === 0 && self === 0)) continue;
      edges.push([caller, callee, calls, cumulative * 1000, self * 1000]);
      counts.of[edge] = 0;
      if (times !== null) times.cumulative[edge] = times.self[edge] = 0;
    }
  }
  return edges;
}

export const idsInUse = (): number[] => [...functions.keys(), ...(functions.length >= OTHERS ? [OTHERS] : [])];
export const placesOf = (): ExactCalls['functions'] => functions.map(({ url, name, line, column }) => ({ url, name, line, column }));
