/* A module that the cases import: what it exports travels by reference, and what it keeps to itself by value. */
let state = 10;

export function helper(x: number): number {
  return x + state;
}

export class Point {
  readonly x: number;
  readonly y: number;
  constructor(x: number, y: number) {
    this.x = x;
    this.y = y;
  }
  norm(): number {
    return Math.hypot(this.x, this.y);
  }
  static of(both: number): Point {
    return new Point(both, both);
  }
}

export class Secret {
  readonly #key: number;
  constructor(key: number) {
    this.#key = key;
  }
  get key(): number {
    return this.#key;
  }
}

export class LibraryError extends Error {
  override readonly name = 'LibraryError';
  readonly info: object;
  constructor(message: string, info: object) {
    super(message);
    this.info = info;
  }
}

export const handlers = {
  double(x: number): number {
    return x * 2;
  },
  triple: (x: number): number => x * 3,
};

export const arrow = (x: number): number => x * state;

export default function byDefault(x: number): number {
  return x - state;
}

function notExported(x: number): number {
  return x * state * 2;
}

export function getNotExported(): (x: number) => number {
  return notExported;
}

export function setState(value: number): void {
  state = value;
}
