import { type Answer, Automaton, type Me, type Node, type Operation, type Section } from './automaton.ts';

/*
 * Runs a handful of simulated threads in every possible order.
 *
 * JavaScript's atomics are sequentially consistent, so every order of word operations is every behaviour there is: what
 * is accepted here is proved for this many threads and steps, not sampled. Orders that lead to the same words and to threads
 * that have seen the same are explored once. The search goes in breadth, so the story that a failure tells is a shortest one.
 *
 * A state, as a list of numbers:
 *
 *   the words, then for each thread the node of its automaton, then
 *   ASLEEP, DEAD   sets of threads, a bit each
 *   SPURIOUS   sleeps that have ended for no reason
 *   ROUNDS     looks of all sleepers at the end of their slice (see `patrol`), since a section last ended
 *   LAST, PREEMPTIONS   who moved last, and how often one was set aside that could have gone on
 *
 * A death is one step with its being noticed: a thread that is dead and not yet known to be is, to the others, one that
 * does not move. For the same reason it need not be tried before an operation that nobody else can see.
 */
const TAIL = 6;
const [ASLEEP, DEAD, SPURIOUS, ROUNDS, LAST, PREEMPTIONS] = [0, 1, 2, 3, 4, 5] as const;
const MOST_ROUNDS = 3;

export interface Scenario<W extends string> {
  readonly name: string;
  /** The words, and what they hold at first. */
  readonly words: Readonly<Record<W, number>>;
  /** Words that the checks use, not the algorithm: what is done to them is no step of its own (see `#go`). */
  readonly ghosts?: readonly W[];
  /** Words that only the holder of a lock touches: a load of one is no step of its own, for it finds the same whenever it happens. */
  readonly guarded?: readonly W[];
  /** The threads, each a list of sections; they bear the numbers 1, 2, 3... */
  readonly threads: readonly (readonly Section<W>[])[];
  /** Runs when all threads have ended or died; throws when it finds something wrong. `dead`: the numbers of those that died. */
  readonly atEnd?: (words: Readonly<Record<W, number>>, dead: readonly number[]) => void;
  /** How many sleeps may end for no reason: none when left out. */
  readonly spurious?: number;
  /** How many threads may die, at any step: none when left out. */
  readonly deaths?: number;
  /** Whether the thread with this number may die now: any may when left out. */
  readonly mortal?: (thread: number, word: (name: W) => number) => boolean;
  /** What happens when somebody has noticed a death, besides that it is known: what the dead held is given back. */
  readonly bury?: (me: Me<W>, dead: number) => void;
  /** Whether it is no fault that somebody looks again and again for what one that is dead was to do. */
  readonly looksForEver?: boolean;
  /** Whether sleepers look again after a death, as those of src/sync do: true when left out. */
  readonly patrolled?: boolean;
  /** How often a thread that can go on is set aside for another: any number when left out. */
  readonly preemptions?: number;
}

/** A history shared by every state that grew from it; read when something has failed. */
interface Story {
  readonly thread: number;
  readonly what: string | Operation;
  readonly answer?: Answer | undefined;
  readonly before: Story | undefined;
}

interface State {
  readonly numbers: Int32Array;
  readonly story: Story | undefined;
}

/** The scenario goes wrong in some order: the message tells which. */
export class ModelFailure extends Error {
  override readonly name = 'ModelFailure';
}

/** Explores the scenario; gives the number of its states, and throws `ModelFailure` for what goes wrong. */
export function explore<W extends string>(scenario: Scenario<W>, mostStates = 1_000_000): number {
  const search = new Search(scenario as unknown as Scenario<string>, mostStates);
  return search.run();
}

class Search {
  readonly #scenario: Scenario<string>;
  readonly #names: readonly string[];
  readonly #ghosts: ReadonlySet<number>;
  readonly #guarded: ReadonlySet<number>;
  readonly #automata: readonly Automaton[];
  /** Threads of the scenario; those behind them bury the dead. */
  readonly #mortals: number;
  readonly #tail: number;
  readonly #mostStates: number;
  readonly #seen = new Set<string>();
  #open: State[] = [];

  constructor(scenario: Scenario<string>, mostStates: number) {
    this.#scenario = scenario;
    this.#mostStates = mostStates;
    this.#names = Object.keys(scenario.words);
    this.#ghosts = new Set((scenario.ghosts ?? []).map((name) => this.#names.indexOf(name)));
    this.#guarded = new Set((scenario.guarded ?? []).map((name) => this.#names.indexOf(name)));
    this.#mortals = scenario.threads.length;
    const deaths = scenario.deaths ?? 0;
    const undertaker: Section<string>[] = [(me) => me.awaitDeath(), (me, dead) => scenario.bury?.(me, dead as number)];
    const programs = [...scenario.threads, ...Array.from({ length: deaths }, () => undertaker)];
    this.#automata = programs.map((sections, thread) => new Automaton(sections, this.#names, thread + 1, deaths > 0));
    this.#tail = this.#names.length + programs.length;
  }

  run(): number {
    const start = Int32Array.from([
      ...Object.values(this.#scenario.words),
      ...this.#automata.map((automaton) => automaton.start.id),
      ...new Array<number>(TAIL).fill(0),
    ]);
    start[this.#tail + LAST] = -1;
    this.#add(start, undefined);
    while (this.#open.length > 0) {
      const layer = this.#open;
      this.#open = [];
      for (const state of layer) this.#expand(state);
    }
    return this.#seen.size;
  }

  #add(numbers: Int32Array, story: Story | undefined): void {
    const key = Buffer.from(numbers.buffer).toString('latin1');
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    if (this.#seen.size > this.#mostStates)
      throw new Error(`${this.#scenario.name}: more than ${this.#mostStates} states: make it smaller`);
    this.#open.push({ numbers, story });
  }

  #node(numbers: Int32Array, thread: number): Node {
    return this.#automata[thread]!.nodes[numbers[this.#names.length + thread]!]!;
  }

  #is(numbers: Int32Array, set: number, thread: number): boolean {
    return (numbers[this.#tail + set]! & (1 << thread)) !== 0;
  }

  #expand(state: State): void {
    const { numbers } = state;
    let canMove = false;
    let allDone = true;
    for (let thread = 0; thread < this.#automata.length; thread++) {
      const { operation } = this.#node(numbers, thread);
      if (operation.kind === 'done' || operation.kind === 'awaitDeath' || this.#is(numbers, DEAD, thread)) continue;
      if (!this.#isIdle(numbers, thread, operation)) allDone = false;
      else if (this.#scenario.mortal !== undefined && this.#isMortal(numbers, thread)) canMove = true;
      if (operation.kind === 'again' && !this.#seesChange(numbers, operation)) {
        // Another round would be like the last one.
      } else if (operation.kind === 'awaitEnd') {
        if (this.#isMortal(numbers, thread)) canMove = true;
      } else if (this.#is(numbers, ASLEEP, thread)) {
        if (operation.kind === 'sleep' && operation.ends.length > 0) canMove = true;
        this.#rouse(state, thread, operation);
      } else {
        canMove = true;
        if (this.#mayGoOn(numbers, thread)) this.#step(state, thread, operation);
      }
      if (thread < this.#mortals && operation.kind !== 'load' && operation.kind !== 'isDead') this.#kill(state, thread);
    }
    if (canMove) return;
    if (allDone) this.#end(state);
    else if (this.#scenario.patrolled !== false && numbers[this.#tail + DEAD] !== 0 && numbers[this.#tail + ROUNDS]! < MOST_ROUNDS)
      this.#patrol(state);
    else this.#fail('they wait for ever', state.story);
  }

  #isIdle(numbers: Int32Array, thread: number, operation: Operation): boolean {
    if (operation.kind === 'again') return this.#scenario.looksForEver === true && !this.#seesChange(numbers, operation);
    return operation.kind === 'sleep' && operation.idle && this.#is(numbers, ASLEEP, thread);
  }

  #seesChange(numbers: Int32Array, { seen }: Operation & { readonly kind: 'again' }): boolean {
    return seen === null || [...seen].some(([word, value]) => numbers[word] !== value && !this.#ghosts.has(word));
  }

  #isMortal(numbers: Int32Array, thread: number): boolean {
    if (this.#is(numbers, DEAD, thread)) return false;
    return this.#scenario.mortal?.(thread + 1, (name) => numbers[this.#names.indexOf(name)]!) ?? true;
  }

  /** Whether the bound on preemptions lets this thread move now. */
  #mayGoOn(numbers: Int32Array, thread: number): boolean {
    const { preemptions = Infinity } = this.#scenario;
    return this.#preempts(numbers, thread) ? numbers[this.#tail + PREEMPTIONS]! < preemptions : true;
  }

  #preempts(numbers: Int32Array, thread: number): boolean {
    const last = numbers[this.#tail + LAST]!;
    if (this.#scenario.preemptions === undefined || last < 0 || last === thread) return false;
    const { operation } = this.#node(numbers, last);
    if (operation.kind === 'done' || operation.kind === 'awaitEnd' || operation.kind === 'awaitDeath') return false;
    if (operation.kind === 'again' && !this.#seesChange(numbers, operation)) return false;
    return !this.#is(numbers, ASLEEP, last) && !this.#is(numbers, DEAD, last);
  }

  /** The state as it will be when `thread` has moved. */
  #copy(numbers: Int32Array, thread: number): Int32Array {
    const next = numbers.slice();
    if (this.#scenario.preemptions !== undefined) {
      if (this.#preempts(numbers, thread)) next[this.#tail + PREEMPTIONS]!++;
      next[this.#tail + LAST] = thread;
    }
    return next;
  }

  /**
   * Gives a thread the answer of its operation. What it does then to ghost words happens in the same step; only a store
   * waits, and happens in one step with the operation behind it. So `ghost.exchange(1)` after an acquire and `ghost.store(0)`
   * before a release mark the time in between, and cost nothing.
   */
  #go(next: Int32Array, thread: number, answer: Answer): void {
    const at = this.#names.length + thread;
    const before = this.#automata[thread]!.nodes[next[at]!]!;
    let after = before.after(answer);
    for (let { operation } = after; this.#happensAtOnce(operation); { operation } = after)
      after = after.after(this.#onGhost(next, operation));
    next[at] = after.id;
    next[this.#tail + ASLEEP]! &= ~(1 << thread);
    if (after.section !== before.section) next[this.#tail + ROUNDS] = 0;
  }

  #happensAtOnce(operation: Operation): boolean {
    if (operation.kind === 'load' && this.#guarded.has(operation.word)) return true;
    return this.#isGhostly(operation) && operation.kind !== 'store';
  }

  #isGhostly(operation: Operation): boolean {
    return 'word' in operation && this.#ghosts.has(operation.word);
  }

  #onGhost(next: Int32Array, operation: Operation): Answer {
    if (!('word' in operation)) return 0;
    const seen = next[operation.word]!;
    if (operation.kind === 'store' || operation.kind === 'exchange') next[operation.word] = operation.value;
    else if (operation.kind === 'add') next[operation.word] = seen + operation.value;
    else if (operation.kind !== 'load') throw new Error(`${this.#scenario.name}: a ghost word does not know ${operation.kind}`);
    return seen;
  }

  #step(state: State, thread: number, operation: Operation): void {
    const { numbers, story } = state;
    if (operation.kind === 'fail') return this.#fail(String(operation.error), story, operation.error);
    if (this.#isGhostly(operation)) {
      const next = numbers.slice();
      this.#go(next, thread, this.#onGhost(next, operation));
      return this.#step(
        { numbers: next, story: { thread, what: operation, answer: 0, before: story } },
        thread,
        this.#node(next, thread).operation,
      );
    }
    const give = (answer: Answer, change?: (next: Int32Array) => void): void => {
      const next = this.#copy(numbers, thread);
      change?.(next);
      this.#go(next, thread, answer);
      this.#add(next, { thread, what: operation, answer, before: story });
    };
    const set = (value: number) => (next: Int32Array) => void (next[(operation as { word: number }).word] = value);
    switch (operation.kind) {
      case 'load':
        return give(numbers[operation.word]!);
      case 'store':
        return give(0, set(operation.value));
      case 'exchange':
        return give(numbers[operation.word]!, set(operation.value));
      case 'add':
        return give(numbers[operation.word]!, set(numbers[operation.word]! + operation.value));
      case 'compareExchange': {
        const seen = numbers[operation.word]!;
        return give(seen, seen === (operation.expected | 0) ? set(operation.value) : undefined);
      }
      case 'wake':
        return this.#wake(state, thread, operation);
      case 'sleep':
        return this.#sleep(state, thread, operation, give);
      case 'isDead':
        return give(this.#is(numbers, DEAD, operation.id - 1));
      case 'again':
        return give(0);
      case 'awaitEnd':
      case 'awaitDeath':
      case 'done': // Only behind a ghost: it ends there.
        return this.#add(numbers, story);
    }
  }

  #sleep(
    { numbers, story }: State,
    thread: number,
    operation: Operation & { readonly kind: 'sleep' },
    give: (answer: Answer) => void,
  ): void {
    // A task that was cancelled before it could sleep does not look at the word.
    if (operation.ends.includes('cancelled')) give('cancelled');
    if (numbers[operation.word] !== (operation.expected | 0)) return give('changed');
    const next = this.#copy(numbers, thread);
    next[this.#tail + ASLEEP]! |= 1 << thread;
    this.#add(next, { thread, what: operation, answer: undefined, before: story });
  }

  /** Wakes as many as asked for; which ones, nobody promises. */
  #wake({ numbers, story }: State, thread: number, operation: Operation & { readonly word: number; readonly value: number }): void {
    const sleepers = this.#automata
      .map((_, sleeper) => sleeper)
      .filter((sleeper) => {
        const what = this.#node(numbers, sleeper).operation;
        return this.#is(numbers, ASLEEP, sleeper) && what.kind === 'sleep' && what.word === operation.word;
      });
    for (const chosen of choices(sleepers, Math.min(operation.value, sleepers.length))) {
      const next = this.#copy(numbers, thread);
      for (const sleeper of chosen) this.#go(next, sleeper, 'woken');
      this.#go(next, thread, chosen.length);
      this.#add(next, { thread, what: operation, answer: chosen.length, before: story });
    }
  }

  /** Ends a sleep that nobody ended by a wake. */
  #rouse({ numbers, story }: State, thread: number, operation: Operation): void {
    const end = (reason: Answer, isSpurious: boolean): void => {
      const next = this.#copy(numbers, thread);
      if (isSpurious) next[this.#tail + SPURIOUS]!++;
      this.#go(next, thread, reason);
      this.#add(next, { thread, what: isSpurious ? 'woken for no reason' : `${reason}`, before: story });
    };
    if (operation.kind !== 'sleep') return;
    for (const reason of operation.ends) end(reason, false);
    if (numbers[this.#tail + SPURIOUS]! < (this.#scenario.spurious ?? 0)) end('woken', true);
  }

  #kill({ numbers, story }: State, thread: number): void {
    if (!this.#isMortal(numbers, thread)) return;
    const undertaker = this.#automata.findIndex((_, i) => i >= this.#mortals && this.#node(numbers, i).operation.kind === 'awaitDeath');
    if (undertaker < 0) return;
    const next = this.#copy(numbers, thread);
    next[this.#tail + DEAD]! |= 1 << thread;
    next[this.#tail + ASLEEP]! &= ~(1 << thread);
    next[this.#names.length + thread] = 0;
    this.#go(next, undertaker, thread + 1);
    this.#add(next, { thread, what: 'dies', before: story });
  }

  /**
   * No sleep lasts longer than a slice (src/sync/patrol.ts). That is what finds the dead, and the wakes that they took with
   * them; it must not be needed for anything else. So only after a death, and when nobody can move, all sleepers look again.
   */
  #patrol({ numbers, story }: State): void {
    const next = this.#copy(numbers, -1);
    for (let thread = 0; thread < this.#mortals; thread++) if (this.#is(numbers, ASLEEP, thread)) this.#go(next, thread, 'woken');
    next[this.#tail + ROUNDS] = numbers[this.#tail + ROUNDS]! + 1;
    this.#add(next, { thread: -1, what: 'all sleepers look again', before: story });
  }

  #end({ numbers, story }: State): void {
    const words = Object.fromEntries(this.#names.map((name, word) => [name, numbers[word]!]));
    const dead = this.#automata.map((_, thread) => thread + 1).filter((id) => this.#is(numbers, DEAD, id - 1));
    try {
      this.#scenario.atEnd?.(words, dead);
    } catch (error) {
      this.#fail(`at the end, with ${JSON.stringify(words)}: ${String(error)}`, story, error);
    }
  }

  #fail(what: string, story: Story | undefined, cause?: unknown): never {
    const lines: string[] = [];
    for (let at = story; at !== undefined; at = at.before) lines.unshift(`${this.#who(at.thread)}${this.#tell(at)}`);
    throw new ModelFailure(`${this.#scenario.name}: ${what}\n  ${lines.join('\n  ')}`, { cause });
  }

  #who(thread: number): string {
    return thread < 0 ? '' : thread < this.#mortals ? `T${thread + 1} ` : 'undertaker ';
  }

  #tell({ what, answer }: Story): string {
    if (typeof what === 'string') return what;
    const { kind, ...rest } = what as { readonly kind: string } & Readonly<Record<string, unknown>>;
    const word = typeof rest['word'] === 'number' ? ` ${this.#names[rest['word']]}` : '';
    const values = ['id', 'expected', 'value'].filter((key) => key in rest).map((key) => ` ${String(rest[key])}`);
    return `${kind}${word}${values.join('')}${answer === undefined ? ': asleep' : ` -> ${String(answer)}`}`;
  }
}

/** All ways to choose `count` of these. */
function choices(from: readonly number[], count: number): number[][] {
  if (count === 0) return [[]];
  if (count === from.length) return [[...from]];
  const [first, ...rest] = from;
  return [...choices(rest, count - 1).map((chosen) => [first!, ...chosen]), ...choices(rest, count)];
}
