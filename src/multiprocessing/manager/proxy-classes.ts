import { ConditionProxy, LockProxy, SemaphoreProxy } from './lock-proxies.ts';
import { IteratorProxy, PoolProxy } from './pool-proxy.ts';
import { arrivedProxy, type BaseProxy, type ProxyClass, proxyClasses, rebuild } from './proxy.ts';
import { IterableQueueProxy } from './queue-proxy.ts';
import type { Token } from './token.ts';

/*
 * Which proxies can do more than call. Whoever makes a proxy has this module loaded: a proxy that arrives is made by its function.
 */
const classes: Readonly<Record<string, unknown>> = {
  Lock: LockProxy,
  RLock: LockProxy,
  Semaphore: SemaphoreProxy,
  BoundedSemaphore: SemaphoreProxy,
  Condition: ConditionProxy,
  Queue: IterableQueueProxy,
  JoinableQueue: IterableQueueProxy,
  Pool: PoolProxy,
  Iterator: IteratorProxy,
};
for (const [typeId, its] of Object.entries(classes)) proxyClasses.set(typeId, its as ProxyClass);

/** The proxy that came in a message. */
export function rebuildProxy(token: Token, secret: Uint8Array | null, base?: ProxyClass): BaseProxy {
  return arrivedProxy(token, secret, base);
}
rebuild.by = rebuildProxy;
