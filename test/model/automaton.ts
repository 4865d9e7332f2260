import type { FutexWord, WakeReason } from '../../src/word/word.ts';
import type { Waiting } from '../../src/sync/waiting.ts';

/*
 * A simulated thread, as what it does next for everything that it may have seen.
 *
 * What a thread does next depends on nothing but the answers that its word operations have had. So a thread is a
 * tree: a node is a list of answers, and has the operation that follows. To find it, the thread's code is run again from its
 * start, the answers are played back, and the run is abandoned at the first operation that has none. That happens once a
 * node: however many orders of the threads lead there, the search goes on by table. The tested code needs no change; it only
 * has to share nothing but words, and must not catch what it did not throw.
 *
 * The code of a thread comes in sections. Only the value that a section returns is carried over to the next one: two
 * histories with the same outcome are one again there.
 */
export type Carried = string | number | boolean | null | undefined;
export type Answer = number | WakeReason | boolean;
export type End = 'timed-out' | 'cancelled';

export type Operation =
  | { readonly kind: 'load'; readonly word: number }
  | { readonly kind: 'store' | 'exchange' | 'add' | 'wake'; readonly word: number; readonly value: number }
  | { readonly kind: 'compareExchange'; readonly word: number; readonly expected: number; readonly value: number }
  | { readonly kind: 'sleep'; readonly word: number; readonly expected: number; readonly ends: readonly End[]; readonly idle: boolean }
  | { readonly kind: 'again'; readonly seen: ReadonlyMap<number, number> | null }
  | { readonly kind: 'awaitEnd' }
  | { readonly kind: 'isDead'; readonly id: number }
  | { readonly kind: 'awaitDeath' }
  | { readonly kind: 'fail'; readonly error: unknown }
  | { readonly kind: 'done' };

/** What a section sees: the words, who it is, and the way to run an algorithm that may wait. */
export interface Me<W extends string> {
  readonly words: Readonly<Record<W, FutexWord>>;
  /** What the thread writes into locks: 1 for the first thread. */
  readonly id: number;
  /** Runs the algorithm as a driver would; each of `ends` may end any of its sleeps that must not last. */
  run<T>(waiting: Waiting<T>, ends?: readonly End[]): T;
  /** Sleeps on a word as one that has nothing to do: the others may come to their end meanwhile. */
  idle(word: FutexWord, expected: number): void;
  /** Begins the section anew, once something has changed that it has seen: what a loop does that looks again and again. */
  again(): never;
  /** Waits to be killed (see `mortal`). */
  awaitEnd(): never;
  /** For who buries the dead: waits until a thread has died, and gives its number. */
  awaitDeath(): number;
}

/** Where a thread goes on instead of in its next section. */
export class Jump {
  readonly section: number;
  readonly carried: Carried;
  constructor(section: number, carried?: Carried) {
    this.section = section;
    this.carried = carried;
  }
}

export type Section<W extends string> = (me: Me<W>, carried: Carried) => Carried | Jump | void;

const ABANDON: unique symbol = Symbol('abandon');

export class Node {
  readonly id: number;
  readonly section: number;
  readonly operation: Operation;
  readonly #automaton: Automaton;
  readonly #carried: Carried;
  readonly #answers: readonly Answer[];
  readonly #next = new Map<Answer, Node>();

  constructor(automaton: Automaton, section: number, carried: Carried, answers: readonly Answer[], operation: Operation) {
    this.#automaton = automaton;
    this.section = section;
    this.#carried = carried;
    this.#answers = answers;
    this.operation = operation;
    this.id = automaton.nodes.push(this) - 1;
  }

  /** Where the thread is once its operation has had this answer. */
  after(answer: Answer): Node {
    if (this.operation.kind === 'again') return this.#automaton.begin(this.section, this.#carried);
    let next = this.#next.get(answer);
    if (next === undefined) this.#next.set(answer, (next = this.#automaton.node(this.section, this.#carried, [...this.#answers, answer])));
    return next;
  }
}

export class Automaton {
  readonly nodes: Node[] = [];
  readonly start: Node;
  readonly #sections: readonly Section<string>[];
  readonly #starts = new Map<string, Node>();
  readonly #me: Me<string>;
  #answers: readonly Answer[] = [];
  #position = 0;
  #found: Operation | undefined;
  /** What the section has seen in each word; `null` once it has changed one, or seen it change. */
  #seen: Map<number, number> | null = null;

  constructor(sections: readonly Section<string>[], names: readonly string[], id: number, mayDie: boolean) {
    this.#sections = sections;
    const words = Object.fromEntries(names.map((name, word) => [name, this.#word(word, id, mayDie)]));
    this.#me = {
      words,
      id,
      run: (waiting, ends = []) => this.#run(waiting, ends),
      idle: (word, expected) => void (word as ModelWord).sleepUntil(expected, [], true),
      again: () => this.#operate({ kind: 'again', seen: this.#seen }) as never,
      awaitEnd: () => this.#operate({ kind: 'awaitEnd' }) as never,
      awaitDeath: () => this.#operate({ kind: 'awaitDeath' }) as number,
    };
    this.start = this.begin(0, undefined);
  }

  begin(section: number, carried: Carried): Node {
    // What the last section returns is of no use to anybody.
    const key = section === this.#sections.length ? 'done' : `${section} ${typeof carried} ${String(carried)}`;
    let start = this.#starts.get(key);
    if (start === undefined) this.#starts.set(key, (start = this.node(section, carried, [])));
    return start;
  }

  node(section: number, carried: Carried, answers: readonly Answer[]): Node {
    if (section === this.#sections.length) return new Node(this, section, carried, answers, { kind: 'done' });
    this.#answers = answers;
    this.#position = 0;
    this.#found = undefined;
    this.#seen = new Map();
    let result: Carried | Jump | void;
    try {
      result = this.#sections[section]!(this.#me, carried);
    } catch (error) {
      if (error !== ABANDON && this.#found === undefined) this.#found = { kind: 'fail', error };
    }
    const operation = this.#found as Operation | undefined;
    if (operation !== undefined) return new Node(this, section, carried, answers, operation);
    return result instanceof Jump ? this.begin(result.section, result.carried) : this.begin(section + 1, result as Carried);
  }

  #operate(operation: Operation): Answer {
    if (this.#found === undefined && this.#position < this.#answers.length) {
      const answer = this.#answers[this.#position++]!;
      this.#note(operation, answer);
      return answer;
    }
    // What `finally` blocks do on the way out is none of the thread's doing.
    this.#found ??= operation;
    throw ABANDON;
  }

  #note(operation: Operation, answer: Answer): void {
    const { kind } = operation;
    if (kind === 'load' || (kind === 'compareExchange' && answer !== operation.expected)) {
      // What has changed meanwhile may have been missed.
      if ((this.#seen?.get(operation.word) ?? answer) !== answer) this.#seen = null;
      this.#seen?.set(operation.word, answer as number);
    } else if (kind !== 'wake' && kind !== 'sleep') this.#seen = null;
  }

  #run<T>(waiting: Waiting<T>, ends: readonly End[]): T {
    let step = waiting.next();
    while (!step.done) {
      const { word, expected, must = false } = step.value;
      const reason = (word as ModelWord).sleepUntil(expected, must ? [] : ends);
      step = waiting.next(reason);
    }
    return step.value;
  }

  #word(word: number, self: number, mayDie: boolean): ModelWord {
    return {
      self,
      isDead: (id) => mayDie && id !== self && (this.#operate({ kind: 'isDead', id }) as boolean),
      load: () => this.#operate({ kind: 'load', word }) as number,
      store: (value) => void this.#operate({ kind: 'store', word, value }),
      put: (value) => void this.#operate({ kind: 'store', word, value }),
      exchange: (value) => this.#operate({ kind: 'exchange', word, value }) as number,
      compareExchange: (expected, value) => this.#operate({ kind: 'compareExchange', word, expected, value }) as number,
      add: (value) => this.#operate({ kind: 'add', word, value }) as number,
      wake: (value) => this.#operate({ kind: 'wake', word, value }) as number,
      sleepUntil: (expected, ends, idle = false) => this.#operate({ kind: 'sleep', word, expected, ends, idle }) as WakeReason,
      sleep: () => unsupported(),
      sleepAsync: () => unsupported(),
    };
  }
}

interface ModelWord extends FutexWord {
  sleepUntil(expected: number, ends: readonly End[], idle?: boolean): WakeReason;
}

function unsupported(): never {
  throw new Error('a simulated thread sleeps by yielding to `me.run` only');
}
