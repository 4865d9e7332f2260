/*
 * The first code in a process that is started by `spawn`.
 */
import { attachProcessHeap } from '../../word/process-heap.ts';
import { CHILD_FDS, heapBytes } from './handed-down.ts';
import { runChild } from './run-child.ts';

const bytes = heapBytes();
if (bytes !== null) attachProcessHeap(CHILD_FDS.heap, bytes);
runChild(CHILD_FDS.control);
