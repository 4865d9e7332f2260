import { nameError } from '../base/errors.ts';

/** There is nothing in the queue, and nothing came in time. */
export class QueueEmpty extends Error {
  readonly code: string = 'ERR_QUEUE_EMPTY';
}
nameError(QueueEmpty, 'QueueEmpty');

/** The queue is full, and nothing was taken in time. */
export class QueueFull extends Error {
  readonly code: string = 'ERR_QUEUE_FULL';
}
nameError(QueueFull, 'QueueFull');

/** The queue was shut down: nothing more goes in, and nothing is left to come out. */
export class QueueShutDown extends Error {
  readonly code: string = 'ERR_QUEUE_SHUT_DOWN';
}
nameError(QueueShutDown, 'QueueShutDown');
