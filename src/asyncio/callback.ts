import { AsyncResource } from 'node:async_hooks';
import { report } from './report.ts';

/** `callback` in the asynchronous context of now. What it throws goes to the exception handler. */
export function bindCallback<A extends readonly unknown[]>(callback: (...args: A) => void, what: string): (...args: A) => void {
  const resource = new AsyncResource('Callback', { triggerAsyncId: 1 });
  return (...args) => {
    try {
      resource.runInAsyncScope(callback, undefined, ...args);
    } catch (error) {
      report({ message: `error in ${what}: ${callback.name || 'an anonymous function'}`, exception: error });
    }
  };
}
