/**
 * Who runs here, as locks write it into their words.
 *
 * The main thread is 1. A thread gets its number from the roster when it starts, and a carrier changes
 * its number with every thread that it carries. A plain variable, for locks read it on their fast path.
 */
export const self: {
  id: number;
  /** Whether the thread of this number has died without an orderly end. Filled in by the roster. */
  isDead: (id: number) => boolean;
} = { id: 1, isDead: () => false };
