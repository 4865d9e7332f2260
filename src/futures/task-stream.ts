/** What a stream tells the thread that produces it. */
export interface StreamControl {
  /** One more value has been taken: there is room for another. */
  taken(): void;
  /** Nobody reads any more. */
  stop(): void;
}

/**
 * The values that a task yields, as they come: what a future gives whose task returns a generator or another async iterable. The task runs no
 * more than some values ahead of its reader. Ending the loop early ends the task.
 */
export class TaskStream<T = unknown> implements AsyncIterableIterator<T, undefined, void>, AsyncDisposable {
  readonly #control: StreamControl;
  readonly #values: T[] = [];
  #end: { readonly error: unknown; readonly failed: boolean } | null = null;
  #wake: (() => void) | null = null;

  /** @internal */
  constructor(control: StreamControl) {
    this.#control = control;
  }

  /** @internal */
  push(value: T): void {
    if (this.#end !== null) return;
    this.#values.push(value);
    this.#wake?.();
  }

  /** @internal */
  finish(failed: boolean, error: unknown): void {
    this.#end ??= { failed, error };
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    for (;;) {
      if (this.#values.length > 0) {
        const value = this.#values.shift() as T;
        if (this.#end === null) this.#control.taken();
        return { value, done: false };
      }
      if (this.#end !== null) {
        const { failed, error } = this.#end;
        this.#end = { failed: false, error: undefined };
        if (failed) throw error;
        return { value: undefined, done: true };
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = null;
    }
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#values.length = 0;
    if (this.#end === null) {
      this.#end = { failed: false, error: undefined };
      this.#control.stop();
      // Who waits for the next value hears that there is none.
      this.#wake?.();
    }
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}
