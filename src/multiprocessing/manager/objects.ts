import { StateError } from '../../base/errors.ts';
import { methodsOf, type Registered } from './registry.ts';

/*
 * The objects of a manager, and who refers to them.
 *
 * One that nobody refers to any more lives on for a while: a proxy of it may be on its way to somebody who has not
 * counted it yet.
 */
export interface Entry {
  readonly id: number;
  readonly typeId: string;
  readonly value: object;
  readonly exposed: readonly string[];
  readonly type: Registered;
  references: number;
  lingering: NodeJS.Timeout | null;
}

export class Objects {
  readonly #entries = new Map<number, Entry>();
  readonly #lingerMs: number;
  #last = 0;

  constructor(lingerMs: number) {
    this.#lingerMs = lingerMs;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** A new entry, that nobody refers to yet. */
  add(typeId: string, value: object, type: Registered): Entry {
    const id = ++this.#last;
    const entry: Entry = { id, typeId, value, type, exposed: type.exposed ?? methodsOf(value), references: 0, lingering: null };
    this.#entries.set(id, entry);
    this.#linger(entry);
    return entry;
  }

  get(id: number): Entry {
    const entry = this.#entries.get(id);
    if (entry === undefined)
      throw new StateError(
        'ERR_NO_SUCH_OBJECT',
        `the manager has no object ${id} any more: its last proxy was given up before this call came`,
      );
    return entry;
  }

  keep(id: number): void {
    const entry = this.get(id);
    entry.references++;
    if (entry.lingering !== null) clearTimeout(entry.lingering);
    entry.lingering = null;
  }

  letGo(id: number): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined && --entry.references <= 0) this.#linger(entry);
  }

  #linger(entry: Entry): void {
    entry.lingering ??= setTimeout(() => {
      this.#entries.delete(entry.id);
      entry.type.end?.(entry.value as never);
    }, this.#lingerMs).unref();
  }

  *[Symbol.iterator](): Generator<Entry> {
    yield* this.#entries.values();
  }
}
