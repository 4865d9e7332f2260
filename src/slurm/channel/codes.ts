/*
 * What records say. `id` is a task unless something else is said.
 */
export const CODE = {
  /** Both ways, when there is nothing else to say. */
  ping: 1,

  // From a node manager.
  /** Who it is; the body is JSON. */
  hello: 2,
  /** It still has this task from an earlier connection. */
  held: 3,
  /** All that it holds has been named. */
  heldAll: 4,
  /** A task has ended; `extra` says how, the body is its outcome. */
  result: 5,
  /** A task has begun. */
  begun: 6,
  /** An answer to `cancel`; `extra`: whether it has been taken back or broken off. */
  cancelled: 7,
  /** An answer to `recall`: the task has not begun, and won't here. */
  returned: 8,
  /** The answer to `recall` is complete. */
  recalled: 9,
  /** Its workers can't begin; the body is the error. */
  broken: 10,
  /** It has been told to end soon, and takes no more tasks. The body is why, as text. */
  leaving: 11,
  /** A task says something while it runs; the body is a message. */
  said: 12,
  /** A task has begun to yield: its outcome is a stream. */
  stream: 13,
  /** It has yielded something; the body is a message. */
  yielded: 14,
  /** Its stream has ended; `extra` says how, and the body is the error, if that is how. */
  streamed: 15,

  // To a node manager.
  /** It belongs to the driver; the body is a message: `Welcome`. `extra`: so many of its results have come. */
  welcome: 20,
  /** It does not; the body is why, as text. */
  refuse: 21,
  /** A function; `id` is its number, the body the message. */
  fn: 22,
  /** Nobody calls the function `id` any more. */
  forget: 23,
  /** The next task may run for `extra` milliseconds. */
  limit: 24,
  /** A task: `extra` is the number of its function, the body its input. The code says how the function is called. */
  task: 25,
  chunk: 26,
  chunkOfLists: 27,
  /** `extra` 1: also when it runs. */
  cancel: 28,
  /** Gives back `extra` tasks that have not begun. */
  recall: 29,
  /** So many results have come: `extra`. */
  seen: 30,
  /** Ends when all has run. */
  end: 31,
  /** Ends at once. */
  quit: 32,
  /** What the next task says is heard. */
  listen: 33,
  /** So much of what it has said has been heard, in all: `extra`. More may come. */
  heard: 34,
  /** So much of what it has yielded has been read, in all: `extra`. */
  taken: 35,
  /** Nobody reads its stream any more. */
  stop: 36,

  // Between the program's thread and its link.
  /** The terms of the next task; the body is three numbers: its time limit, its priority, and 1 when what it says is heard. */
  terms: 40,
  /** A node has come: `id` is its number, the body JSON. */
  node: 41,

  // In the journal of a run that outlives its program, beside what the program has handed over, results, streams and `cancelled`.
  /** Nodes were asked for: `id` counts them, `extra` is how many, the body is the job, as JSON. */
  allocation: 45,

  // Between the tasks of a step: `id` is a meeting.
  /** The first task has all others. */
  complete: 50,
  /** A task comes to a meeting: `extra` is what it does there, and with whom as root; the body is a message, the values that it brings. */
  part: 51,
  /** The meeting is over; the body is a message: the values that this task gets. */
  share: 52,
  /** The tasks do not do the same; the body is what, as text. */
  disagree: 53,
  /** A task leaves; to the others, `id` is its rank, and the body why, as text. */
  left: 54,
} as const;

/** How a task has ended: the lower bits of `extra` of a result. */
export const SUCCEEDED = 0;
export const FAILED = 1;
export const CANCELLED = 2;
export const KIND_BITS = 2;
