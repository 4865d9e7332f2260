/*
 * The first code in a process that is started by `spawn`.
 */
import { requireModule } from '../../message/require-module.ts';
import { attachProcessHeap } from '../../word/process-heap.ts';
import { CHILD_FDS, heapBytes } from './handed-down.ts';
import { toLoad } from './preloads.ts';
import { isIdle, runChild } from './run-child.ts';

const bytes = heapBytes();
if (bytes !== null) attachProcessHeap(CHILD_FDS.heap, bytes);

/** One after the other, and none more once there is work: that loads what it needs. Not by `import`: what goes on then, Node 20 can't require. */
function loadWhileIdle([module, ...rest]: readonly string[]): void {
  if (module === undefined || !isIdle()) return;
  try {
    requireModule(module);
  } catch {
    // It is told when it is needed.
  }
  setImmediate(loadWhileIdle, rest);
}

const modules = toLoad();
runChild(CHILD_FDS.control);
setImmediate(loadWhileIdle, modules);
