import './describe.ts';
export { capture, copy, forceByValue, reduce } from '../message/closures/index.ts';
export { SendError } from '../message/index.ts';
export type { NotSendable, Sendable, Unsendable, unsendable } from '../message/sendable.ts';
export { activeCount, enumerate } from './enumerate.ts';
export { type ContextOf } from './context.ts';
export { type Excepthook, type ExceptHookArgs, excepthook } from './excepthook.ts';
export { getProfile, getTrace, setExcepthook, setProfile, setTrace, stackSize, type ThreadHook } from './hooks.ts';
export { exitThread, ThreadExit } from './exit-thread.ts';
export { type StackFrame, stacks, ThreadStack } from './stack.ts';
export { currentThread, getIdent, getNativeId, mainThread } from './current-thread.ts';
export { Thread, type ThreadOptions, ThreadStartError } from './thread.ts';
export { DeadlockError } from '../sync/deadlock.ts';
export { watchDeadlocks as setDeadlockDetection } from '../word/roster.ts';
export { fromMessage, type PostedMessage, toMessage } from './posted.ts';
export { Barrier, type BarrierOptions } from './barrier.ts';
export { Condition } from './condition.ts';
export { AbandonedLockError, BrokenBarrierError } from './errors.ts';
export { Event } from './event.ts';
export { Local } from './local.ts';
export { Once } from './once.ts';
export { Timer, type TimerOptions } from './timer.ts';
export { Lock, type LockOptions } from './lock.ts';
export { RLock } from './rlock.ts';
export { type Held, RWLock } from './rwlock.ts';
export { BoundedSemaphore, Semaphore } from './semaphore.ts';
export {
  bool,
  bytes,
  type FieldType,
  float32,
  float64,
  int16,
  int32,
  int64,
  int8,
  uint16,
  uint32,
  uint64,
  uint8,
  utf8,
} from './field-types.ts';
export { SharedArray } from './shared-array.ts';
export { SharedStruct, type Schema, type StructClass } from './shared-struct.ts';
export { SharedValue } from './shared-value.ts';
