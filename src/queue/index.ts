export { QueueEmpty, QueueFull, QueueShutDown } from './errors.ts';
export { ItemLostWarning } from './lost-items.ts';
export { PriorityQueue } from './priority-queue.ts';
export { LifoQueue, Queue, type QueueOptions, type ShutdownOptions } from './queue.ts';
export { SimpleQueue } from './simple-queue.ts';
