import { StateError } from '../base/errors.ts';
import { isThenable } from '../base/thenable.ts';
import { takeAsyncCalls, tracked } from './async-calls.ts';
import { type Recording, Sampling } from './sampler.ts';
import { Stats } from './stats.ts';

/** How a profile records. */
export interface ProfileSettings {
  /** `sampling`, the default, costs about nothing; `counts` also says how often each function was called, exactly. */
  readonly mode?: Recording | undefined;
  /** Microseconds between two samples; 1000 by default. */
  readonly interval?: number | undefined;
  /** What the recording is called in reports of several threads. */
  readonly name?: string | undefined;
}

/** What records in this thread, and for which profile: one at a time. */
let current: { readonly owner: Profile; readonly sampling: Sampling } | null = null;

/**
 * Records where this thread spends its time: Python's `cProfile.Profile`.
 *
 * `enable` and `disable` may be called again and again; the recordings add up. Neither blocks for long, nor waits:
 * starting costs some ten milliseconds. A profile is a scope as well: `using profile = new Profile().enable()`.
 */
export class Profile implements Disposable {
  readonly #settings: ProfileSettings;
  readonly #stats = new Stats();

  constructor(settings: ProfileSettings = {}) {
    this.#settings = settings;
  }

  /** Begins to record. `StateError` when another profile records in this thread. */
  enable(): this {
    if (this.isEnabled) return this;
    if (current !== null)
      throw new StateError('ERR_PROFILE_ACTIVE', 'another profile records in this thread: V8 has one profiler a thread');
    const { mode = 'sampling', interval } = this.#settings;
    current = { owner: this, sampling: new Sampling(mode, interval) };
    return this;
  }

  /** Ends the recording; without effect when it does not record. */
  disable(): this {
    if (current?.owner !== this) return this;
    const { sampling } = current;
    current = null;
    this.#stats.add(sampling.stop(this.#settings.name ?? 'main', takeAsyncCalls()));
    return this;
  }

  /** Whether this profile is recording, at this moment. One at a time can record in a thread. */
  get isEnabled(): boolean {
    return current?.owner === this;
  }

  /** Records while `fn` runs; if it returns a promise, until that is settled. Gives back what `fn` gives. */
  run<T>(fn: () => T): T {
    this.enable();
    let result: T;
    try {
      result = tracked(this.#settings.name ?? (fn.name || '<anonymous>'), fn);
    } catch (error) {
      this.disable();
      throw error;
    }
    if (!isThenable(result)) {
      this.disable();
      return result;
    }
    return result.then(
      (value) => {
        this.disable();
        return value as unknown;
      },
      (error: unknown) => {
        this.disable();
        throw error;
      },
    ) as T;
  }

  /** What has been recorded so far. */
  get stats(): Stats {
    if (current?.owner === this) this.#stats.add(current.sampling.cut(this.#settings.name ?? 'main', takeAsyncCalls()));
    return this.#stats;
  }

  /** Prints the table of what has been recorded so far, on stdout. Records on if it was recording. */
  print(): this {
    this.stats.print();
    return this;
  }

  [Symbol.dispose](): void {
    this.disable();
  }
}

/** Whether some profile records in this thread. */
export function isProfiling(): boolean {
  return current !== null;
}
