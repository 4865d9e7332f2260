// What a context has as well as the module itself: see context.ts. New things belong here.
export { type AtMost, type ByteRange, Connection } from './connection.ts';
export { Pipe, PipeConnection } from './pipe-connection.ts';
export { SocketConnection } from './socket-connection.ts';
export { Client, type ClientOptions, ClientSync } from './client.ts';
export { Listener } from './listener.ts';
export type { ListenerOptions } from './frame-listener.ts';
export type { SocketAddress } from '../system/sockets.ts';
export {
  AuthenticationError,
  BrokenPipeError,
  BufferTooShort,
  ConnectionBrokenError,
  ConnectionRefusedError,
  EndOfFileError,
  ProcessError,
} from '../host/peer/errors.ts';
export { connectionWait, connectionWaitSync, type Waitable } from './connection-wait.ts';
export { cpuCount, type CurrentProcess, currentProcess, type ParentProcess, parentProcess } from './current-process.ts';
export { CancelledError, TimeoutError } from '../base/errors.ts';
export { SystemExit } from './exit.ts';
export { Barrier, BoundedSemaphore, Condition, Event, Lock, RLock, Semaphore } from './locks.ts';
export { getLogger, logToStderr, SUBDEBUG, SUBWARNING } from './module-log.ts';
export { activeChildren, Process, type ProcessOptions } from './process.ts';
export { JoinableQueue, Queue, type QueueOptions, SimpleQueue } from './queues.ts';
export { Sentinel } from './sentinel.ts';
export { SharedArray as Array, SharedArray, SharedStruct, Value } from './values.ts';
export { ItemLostWarning, QueueEmpty, QueueFull, QueueShutDown } from '../queue/index.ts';
export { AbandonedLockError, BrokenBarrierError, DeadlockError, SendError } from '../threading/index.ts';
export { bool, bytes, float32, float64, int16, int32, int64, int8, uint16, uint32, uint64, uint8, utf8 } from '../threading/index.ts';
export { AsyncResult, type Callbacks } from './pool/async-result.ts';
export { MapIterator } from './pool/imap.ts';
export { BasePool, type ChunkOptions } from './pool/base-pool.ts';
export { Pool, type PoolOptions } from './pool/pool.ts';
export { ThreadPool } from './pool/thread-pool.ts';
export { BrokenExecutorError, BrokenWorkerError } from '../futures/errors.ts';
export { BrokenProcessPool } from '../futures/process-pool/broken.ts';
export { MaybeEncodingError } from '../futures/process-pool/encoding-error.ts';
export { ShareableList, type ShareableItem } from './shared-memory/shareable-list.ts';
export { SharedMemory, type SharedMemoryOptions } from './shared-memory/shared-memory.ts';
export { SharedMemoryManager } from './shared-memory/manager.ts';
export { BaseManager, type ManagerOptions, type ManagerStart, type WithType } from './manager/base-manager.ts';
export { ManagerGoneError } from './manager/errors.ts';
export { ConditionProxy, LockProxy, SemaphoreProxy } from './manager/lock-proxies.ts';
export { type AsyncResultProxy, IteratorProxy, PoolProxy } from './manager/pool-proxy.ts';
export { BaseProxy, type Proxied } from './manager/proxy.ts';
export type { RegisterOptions } from './manager/registry.ts';
export { Server as ManagerServer } from './manager/server.ts';
export {
  type BarrierProxy,
  type DictProxy,
  type EventProxy,
  type ListProxy,
  Manager,
  type NamespaceProxy,
  type QueueProxy,
  type SetProxy,
  SyncManager,
  type ValueProxy,
} from './manager/sync-manager.ts';
