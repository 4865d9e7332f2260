/*
 * The first import of a service's first module: the service has the heap of its process, and takes part in nothing else.
 */
import { workerData } from 'node:worker_threads';
import { setMainModule } from '../../message/closures/index.ts';
import { adoptHeap } from '../../word/heap.ts';
import { writeDirectly } from './output.ts';
import { linkSafely } from './safe-linking.ts';

const { heap, manycoreMain } = workerData as { readonly heap: SharedArrayBuffer; readonly manycoreMain: string };
adoptHeap(heap);
setMainModule(manycoreMain);
linkSafely();
writeDirectly();
