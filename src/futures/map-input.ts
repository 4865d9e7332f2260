import { isAsyncIterable } from '../base/is-async-iterable.ts';
import { packed, type Values } from './value-list.ts';

export type AnyItems = Iterable<unknown> | AsyncIterable<unknown>;

/** What is mapped over, in pieces. */
export interface Input {
  /** Whether each item is a list of arguments. */
  readonly isSpread: boolean;
  /** How many items are left, as far as that is known. */
  readonly left: number;
  /** The next items, `size` at most; none at the end; `null` when they have to be awaited. */
  take(size: number): Values | null;
  whenReady(tell: () => void, fail: (error: unknown) => void): void;
  close(): void;
}

export class SyncInput implements Input {
  readonly isSpread: boolean;
  private readonly list: Values | null;
  private readonly iterators: readonly Iterator<unknown>[];
  private at = 0;
  private isOver = false;

  constructor(items: readonly AnyItems[], isEager: boolean) {
    this.isSpread = items.length > 1;
    const sources = items as readonly Iterable<unknown>[];
    this.iterators = isEager && !this.isSpread ? [] : sources.map((one) => one[Symbol.iterator]());
    const [first] = sources;
    this.list = !isEager ? null : this.isSpread ? this.zip(Infinity) : snapshot(first!);
  }

  get left(): number {
    return this.list === null ? Infinity : this.list.length - this.at;
  }

  take(size: number): Values {
    if (this.list === null) return this.zip(size);
    const items = this.list.slice(this.at, this.at + size);
    this.at += items.length;
    return items;
  }

  private zip(size: number): unknown[] {
    const items: unknown[] = [];
    while (items.length < size && !this.isOver) {
      const row: unknown[] = [];
      for (const iterator of this.iterators) {
        const next = iterator.next();
        if (next.done === true) {
          this.isOver = true;
          return items;
        }
        row.push(next.value);
      }
      items.push(this.isSpread ? row : row[0]);
    }
    return items;
  }

  whenReady(): void {}

  close(): void {
    if (this.isOver || this.list !== null) return;
    this.isOver = true;
    for (const iterator of this.iterators) iterator.return?.();
  }
}

/** Reads ahead by one item at a time. */
export class AsyncInput implements Input {
  readonly isSpread: boolean;
  readonly left = Infinity;
  private readonly iterators: readonly (Iterator<unknown> | AsyncIterator<unknown>)[];
  private readonly items: unknown[] = [];
  private isOver = false;
  private isReading = false;

  constructor(items: readonly AnyItems[]) {
    this.isSpread = items.length > 1;
    this.iterators = items.map((one) => (isAsyncIterable(one) ? one[Symbol.asyncIterator]() : one[Symbol.iterator]()));
  }

  take(size: number): readonly unknown[] | null {
    if (this.items.length === 0) return this.isOver ? [] : null;
    return this.items.splice(0, size);
  }

  whenReady(tell: () => void, fail: (error: unknown) => void): void {
    if (this.isReading) return;
    this.isReading = true;
    this.read().then(
      () => {
        this.isReading = false;
        tell();
      },
      (error: unknown) => {
        this.isOver = true;
        fail(error);
      },
    );
  }

  private async read(): Promise<void> {
    const row = await Promise.all(this.iterators.map((iterator) => iterator.next()));
    if (row.some(({ done }) => done === true)) {
      this.isOver = true;
      for (const [i, { done }] of row.entries()) if (done !== true) void this.iterators[i]!.return?.();
    } else this.items.push(this.isSpread ? row.map(({ value }) => value as unknown) : row[0]!.value);
  }

  close(): void {
    if (this.isOver) return;
    this.isOver = true;
    for (const iterator of this.iterators) void iterator.return?.();
  }
}

/** The items as they are now. Numbers take half the room in a row, and are looked at once only. */
function snapshot(items: Iterable<unknown>): Values {
  if (!isPlainArray(items)) return Array.from(items);
  const row = packed(items);
  return row === items ? items.slice() : row;
}

/** Whether iterating over it would give its items. */
function isPlainArray(value: unknown): value is unknown[] {
  return Array.isArray(value) && Object.getPrototypeOf(value) === Array.prototype && !Object.hasOwn(value, Symbol.iterator);
}
