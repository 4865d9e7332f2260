/*
 * A future's ticket says where its task is: the number of its slot, or one of these.
 */
/** Nowhere any more. */
export const NOWHERE = -1;
/** In the backlog: it waits for a slot. */
export const BACKLOG = -2;
/** Before the next try. */
export const BETWEEN = -3;

/** The slot in which a task is put together that has to wait for one. */
export const SCRATCH = 0;
