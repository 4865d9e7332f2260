export { capture, copy, forceByValue, reduce } from '../message/closures/index.ts';
export { SendError } from '../message/index.ts';
export { activeCount, enumerate } from './enumerate.ts';
export { type Excepthook, type ExceptHookArgs, excepthook, setExcepthook } from './excepthook.ts';
export { exitThread, ThreadExit } from './exit-thread.ts';
export { currentThread, mainThread, Thread, type ThreadOptions, ThreadStartError } from './thread.ts';
