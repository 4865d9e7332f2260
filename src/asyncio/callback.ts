import { AsyncResource } from 'node:async_hooks';
import { copyContext } from './context.ts';
import { currentScope, enter } from './current.ts';
import { capture, monitor } from './debug-state.ts';
import { report } from './report.ts';
import { SubScope } from './sub-scope.ts';

/**
 * `callback` in the asynchronous context of now, with the values of now, but in no task. What it throws goes to the exception handler, which is
 * told `what` it is.
 */
export function bindCallback<A extends readonly unknown[]>(callback: (...args: A) => unknown, what: string): (...args: A) => void {
  const resource = new AsyncResource('Callback', { triggerAsyncId: 1 });
  const scope = currentScope() === undefined ? null : new SubScope(copyContext());
  const call = (args: A): unknown => (scope === null ? callback(...args) : enter(scope, applyTo as typeof applyTo<A>, callback, args));
  const named = `${what}: ${callback.name === '' ? 'an anonymous function' : callback.name}`;
  const trace = monitor.current === null ? null : capture(bindCallback);
  return (...args) => {
    const begin = monitor.current === null ? 0 : performance.now();
    try {
      resource.runInAsyncScope(call, undefined, args);
    } catch (error) {
      report({ message: `error in ${named}`, exception: error });
    }
    if (begin !== 0) monitor.current?.stepped(performance.now() - begin, named, trace);
  };
}

const applyTo = <A extends readonly unknown[]>(callback: (...args: A) => unknown, args: A): unknown => callback(...args);
