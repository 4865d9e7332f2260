/** From so many objects on, a table finds one faster than a look at each. */
const FEW = 64;

/** The objects of one message, numbered as they are met. */
export class Seen {
  /** An array that is emptied is made anew each time: the places are kept, and what was in them is let go. */
  readonly #few: (object | null)[] = new Array<object | null>(FEW).fill(null);
  #count = 0;
  #many: Map<object, number> | null = null;

  /** The number under which `value` was met before; -1 if this is the first time. */
  meet(value: object): number {
    if (this.#many !== null) return this.#meetMany(value, this.#many);
    const few = this.#few;
    const count = this.#count;
    for (let i = 0; i < count; i++) if (few[i] === value) return i;
    if (count === FEW) return this.#meetMany(value, (this.#many = new Map(few.map((object, number) => [object!, number]))));
    few[count] = value;
    this.#count = count + 1;
    return -1;
  }

  #meetMany(value: object, many: Map<object, number>): number {
    const number = many.get(value);
    if (number !== undefined) return number;
    many.set(value, many.size);
    return -1;
  }

  clear(): void {
    for (let i = 0; i < this.#count; i++) this.#few[i] = null;
    this.#count = 0;
    this.#many = null;
  }
}
