import { type SharedArray, Thread } from '../../src/threading/index.ts';

/** A class that other modules import, with private members of its own and of the one that it extends. */
class Base extends Thread {
  #step = 2;
  get step(): number {
    return this.#step;
  }
  faster(): this {
    this.#step++;
    return this;
  }
}

export class Counter extends Base {
  readonly #to: number;
  readonly #seen = new Map<string, number>();
  result: SharedArray;

  constructor(to: number, result: SharedArray) {
    super({ name: 'counter' });
    this.#to = to;
    this.#seen.set('first', 7);
    this.result = result;
  }

  #sum(): number {
    let sum = 0;
    for (let i = 0; i <= this.#to; i += this.step) sum += i;
    return sum;
  }

  override run(): void {
    this.result.view.set([this.#sum(), this.#seen.get('first')!, Object.keys(this).length]);
  }
}
