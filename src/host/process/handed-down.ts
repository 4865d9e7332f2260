/*
 * What a child is given at its start, beside its three streams: the memory that processes share, and one end of a connection. A child reads this, and
 * no more of how it was launched: what it loads at its start, each child pays for.
 */
export const CHILD_FDS = { heap: 3, control: 4 } as const;
export const HEAP_FLAG = '--manycore-heap=';

/** In the child: how much memory it shares; `null`: none. */
export function heapBytes(): number | null {
  const flag = process.argv.find((word) => word.startsWith(HEAP_FLAG));
  return flag === undefined ? null : Number(flag.slice(HEAP_FLAG.length));
}
