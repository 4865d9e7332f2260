/*
 * The program of a fork server: a Node with nothing in it but what every child needs. It waits until a copy is wanted, and its event loop never
 * turns; in the copy this module comes to its end, and the loop begins.
 */
import { closeSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { attachProcessHeap } from '../../../word/process-heap.ts';
import { receiveDescriptors } from '../../../system/descriptors.ts';
import { exitAtOnce } from '../../../system/exit-at-once.ts';
import { forkProcess, ignoreInterrupts, isCopyWhole, whyNoFork } from '../../../system/fork.ts';
import { diesWithParent } from '../../../system/memory.ts';
import { CHILD_FDS, heapBytes } from '../handed-down.ts';
import { runChild } from '../run-child.ts';
import { becomeCopy, refuseThreads } from './copy.ts';
import { toLoad } from '../preloads.ts';
import { ANSWER_BYTES, COPY, FLAGS_FLAG, type Ready, WHOLE } from './protocol.ts';
import { examineCopy } from './self-test.ts';
import { warmUp } from './warm-up.ts';

const SERVER = CHILD_FDS.control;

const argument = (flag: string): string => process.argv.find((word) => word.startsWith(flag))!.slice(flag.length);

/** By `require`, which needs no threads, also for modules of ECMAScript. A child that needs one that fails will say so itself. */
function load(modules: readonly string[]): void {
  const require = createRequire(join(process.cwd(), 'x'));
  for (const module of modules) {
    try {
      require(module.startsWith('file:') ? fileURLToPath(module) : module);
    } catch (error) {
      process.emitWarning(`the fork server could not load ${module}: ${String(error)}`, {
        type: 'ForkServerWarning',
        code: 'MANYCORE_FORKSERVER',
      });
    }
  }
}

function prepare(): void {
  load(toLoad());
  const why = whyNoFork();
  writeSync(SERVER, JSON.stringify({ why } satisfies Ready));
  if (why !== null) exitAtOnce(0);
  ignoreInterrupts();
  diesWithParent(SERVER);
  const bytes = heapBytes();
  if (bytes !== null) attachProcessHeap(CHILD_FDS.heap, bytes);
  // What a copy starts itself shall not be trimmed as this one is.
  process.execArgv.length = Number(argument(FLAGS_FLAG));
  refuseThreads();
  warmUp();
}

/** V8's collector of young garbage, without `gc` becoming a word of the program's. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as (options: { readonly type: 'minor' }) => void;
  setFlagsFromString('--no-expose-gc');
  return () => gc({ type: 'minor' });
}

/** Serves until this is a copy: what it is wanted for, and its control channel. */
function serve(): { readonly kind: number; readonly control: number } {
  const collect = collector();
  const request = Buffer.alloc(1);
  const answer = Buffer.alloc(ANSWER_BYTES);
  for (;;) {
    const { length, descriptors } = receiveDescriptors(SERVER, request);
    const [control] = descriptors;
    // The program has ended, or has let the server go.
    if (length <= 0 || control === undefined) exitAtOnce(0);
    const pid = forkProcess(collect);
    if (pid === 0) {
      closeSync(SERVER);
      return { kind: request[0]!, control };
    }
    answer.writeInt32LE(pid);
    answer.writeInt32LE(isCopyWhole() ? WHOLE : 0, 4);
    closeSync(control);
    writeSync(SERVER, answer);
  }
}

prepare();
const { kind, control } = serve();
becomeCopy();
if (kind === COPY) {
  runChild(control);
} else void examineCopy(control);
