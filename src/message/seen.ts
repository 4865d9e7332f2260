/** From so many objects on, a table finds one faster than a look at each. */
const FEW = 24;

/** The objects of one message, numbered as they are met. */
export class Seen {
  readonly #few: object[] = [];
  #many: Map<object, number> | null = null;

  /** The number under which `value` was met before; -1 if this is the first time. */
  meet(value: object): number {
    const few = this.#few;
    if (this.#many === null) {
      for (let i = 0; i < few.length; i++) if (few[i] === value) return i;
      few.push(value);
      if (few.length > FEW) this.#many = new Map(few.map((object, number) => [object, number]));
      return -1;
    }
    const number = this.#many.get(value);
    if (number !== undefined) return number;
    this.#many.set(value, this.#many.size);
    return -1;
  }

  clear(): void {
    this.#few.length = 0;
    this.#many = null;
  }
}
