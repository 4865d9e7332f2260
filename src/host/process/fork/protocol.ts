/*
 * What a program and its fork server say to each other, over a connection that keeps messages apart.
 *
 *   program: all that a child is told     once, for the server to rehearse it
 *   server: Ready as JSON, once           it can be asked, or why it will never do
 *   program: one byte, and a descriptor   a copy is wanted, whose control channel this is; or one that examines itself
 *   server: two numbers of 32 bits        the pid of the copy, or minus an errno; and WHOLE, unless it lacks a part of the server's memory
 *
 * The program may ask before it needs the copy, and hear the answer when it does. When the server dies between the two, the copy's control channel says
 * whether there is one: its first frame holds its pid.
 *
 * A copy does nothing of the program's before it is told to by its control channel: one that is not whole is ended, and another one asked for.
 */
export const COPY = 1;
export const SELF_TEST = 2;
export const ANSWER_BYTES = 8;
export const WHOLE = 1;
/** A message is at most so long: that much, twice over, fits into the connection at once, and its reader need not be there. */
export const REHEARSAL_BYTES = 1 << 16;

export interface Ready {
  readonly why: string | null;
}

/** What the copy that examines itself writes to its control channel when it has found nothing; else, what it has found. */
export const PASSED = 'passed';

/** How many flags of the server's Node are those of the program. */
export const FLAGS_FLAG = '--manycore-flags=';

/** V8 keeps what it learns of a function from its first call on: of those that are rehearsed, no copy has to learn it again. */
export const LEARNS_AT_ONCE = '--no-lazy-feedback-allocation';
/** As Node does otherwise, for the functions of the program's. */
export const LEARNS_LATER = '--lazy-feedback-allocation';

/** How many modules of the program's it loads first. */
export const OTHERS_FLAG = '--manycore-others=';
