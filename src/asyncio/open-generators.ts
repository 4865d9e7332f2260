import { StateError } from '../base/errors.ts';
import { currentScope } from './current.ts';
import { report } from './report.ts';

type AnyGenerator = AsyncGenerator<unknown, unknown, unknown>;
type Step = (this: AnyGenerator, ...value: [] | [unknown]) => Promise<IteratorResult<unknown, unknown>>;

/** What all async generators inherit: through its `next` each of them goes at every step. */
const shared = Object.getPrototypeOf(Object.getPrototypeOf((async function* () {})())) as { next: Step };
const original = shared.next;

/** The runs that close their generators, and are open. */
const open = new Set<OpenGenerators>();

const LEAST = 256;
const UNSETTLED = Symbol('unsettled');

/**
 * The async generators that the tasks of a run have stepped through and not left: JavaScript tells nobody of them, as Python does by
 * `sys.set_asyncgen_hooks`. While a run is open that wants to know, `next` of all async generators of this thread is ours. It costs them a
 * hundredth of a microsecond or two a step, so only who asks for it gets it.
 */
export class OpenGenerators {
  /** Each with the outcome of its last step. */
  readonly #last = new Map<AnyGenerator, Promise<IteratorResult<unknown, unknown>>>();
  #limit = LEAST;

  constructor() {
    if (open.size === 0) install();
    open.add(this);
  }

  knows(generator: AnyGenerator): boolean {
    return this.#last.has(generator);
  }

  stepped(generator: AnyGenerator, step: Promise<IteratorResult<unknown, unknown>>): void {
    this.#last.set(generator, step);
    if (this.#last.size < this.#limit) return;
    this.#limit *= 2;
    void this.#forgetEnded();
  }

  /** Those that have ended are found now and then, all at once: to follow each step would cost more than the step. */
  async #forgetEnded(): Promise<void> {
    // Those of now: others come while it is waited.
    const now = Array.from(this.#last);
    for (const [generator, step] of now) {
      if ((await stateAfter(step)) === 'ended' && this.#last.get(generator) === step) this.#last.delete(generator);
    }
    this.#limit = Math.max(LEAST, 2 * this.#last.size);
  }

  /**
   * Ends those that were left in the middle: their `finally` runs, and is waited for. One that sits in a foreign promise ends when it comes
   * out of it, and nobody waits. What fails is told to the exception handler.
   */
  async close(): Promise<void> {
    const closing = Array.from(this.#last, async ([generator, step]) => {
      const state = await stateAfter(step);
      if (state === 'ended') return;
      const end = generator.return(undefined).catch((exception: unknown) => {
        report({ message: 'error in the clean-up of an async generator, which a run had left in the middle', exception });
      });
      if (state === 'between steps') await end;
    });
    this.#last.clear();
    await Promise.all(closing);
    open.delete(this);
    if (open.size === 0 && shared.next === next) shared.next = original;
  }
}

async function stateAfter(step: Promise<IteratorResult<unknown, unknown>>): Promise<'ended' | 'between steps' | 'in a step'> {
  try {
    const result = await Promise.race([step, UNSETTLED]);
    return result === UNSETTLED ? 'in a step' : (result as IteratorResult<unknown, unknown>).done ? 'ended' : 'between steps';
  } catch {
    return 'ended';
  }
}

function install(): void {
  try {
    shared.next = next;
  } catch (error) {
    throw new StateError(
      'ERR_FROZEN',
      'closeGenerators: the prototype of async generators is frozen here, so that nobody can follow them',
      {
        cause: error,
      },
    );
  }
}

const next: Step = function next(...value) {
  const step = original.apply(this, value);
  ownerOf(this)?.stepped(this, step);
  return step;
};

/** The run in which a generator has begun. */
function ownerOf(generator: AnyGenerator): OpenGenerators | null {
  for (const one of open) if (one.knows(generator)) return one;
  return currentScope()?.task?.runner?.generators ?? null;
}
