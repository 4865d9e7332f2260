/** A pipe between this process and the child. */
export const PIPE: unique symbol = Symbol.for('manycore.PIPE') as never;
/** For stderr: wherever stdout goes. */
export const STDOUT: unique symbol = Symbol.for('manycore.STDOUT') as never;
/** The null device: nothing to read, and what is written is gone. */
export const DEVNULL: unique symbol = Symbol.for('manycore.DEVNULL') as never;
