/** The mark of a listener that is none of the program's: other copies of the package know it, too. */
const EXPECTED: unique symbol = Symbol.for('manycore.listener') as never;

/** Says that this listener on `process` belongs to the package, not to the thread that happens to run. */
export function expectListener<F extends (...args: never[]) => unknown>(listener: F): F {
  Object.defineProperty(listener, EXPECTED, { value: true });
  return listener;
}

export function isExpected(listener: (...args: never[]) => unknown): boolean {
  return EXPECTED in listener;
}
