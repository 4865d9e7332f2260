/*
 * The program of a fork server: a Node with nothing in it but what every child needs. When it has rehearsed it waits until a copy is wanted, and its
 * event loop turns no more; in the copy it goes on.
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
import { forkProcess, ignoreInterrupts, isCopyWhole, rehearseFork, whyNoFork } from '../../../system/fork.ts';
import { diesWithParent } from '../../../system/memory.ts';
import { CHILD_FDS, heapBytes } from '../handed-down.ts';
import { runCopy } from '../run-child.ts';
import { becomeCopy, prepareCopies, refuseThreads } from './copy.ts';
import { toLoad } from '../preloads.ts';
import { ANSWER_BYTES, COPY, FLAGS_FLAG, LEARNS_LATER, OTHERS_FLAG, type Ready, REHEARSAL_BYTES, WHOLE } from './protocol.ts';
import { examineCopy } from './self-test.ts';
import { drawSeed, type Seed, watchRandom } from './randomness.ts';
import { rehearse } from './rehearsal.ts';

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

const letters = Buffer.alloc(REHEARSAL_BYTES);

async function prepare(): Promise<void> {
  watchRandom(() => load(toLoad()));
  const life = receiveDescriptors(SERVER, letters);
  if (life.length <= 0) exitAtOnce(0);
  const bytes = heapBytes();
  if (bytes !== null) attachProcessHeap(CHILD_FDS.heap, bytes);
  prepareCopies();
  await rehearse(letters.subarray(0, life.length));
  setFlagsFromString(LEARNS_LATER);
  const why = whyNoFork();
  writeSync(SERVER, JSON.stringify({ why } satisfies Ready));
  if (why !== null) exitAtOnce(0);
  ignoreInterrupts();
  diesWithParent(SERVER);
  // What a copy starts itself shall not be trimmed as this one is.
  process.execArgv.length = Number(argument(FLAGS_FLAG));
  refuseThreads();
}

/** V8's collectors, without `gc` becoming a word of the program's. */
function collector(): (options?: { readonly type: 'minor' }) => void {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as ReturnType<typeof collector>;
  setFlagsFromString('--no-expose-gc');
  return gc;
}

interface Wanted {
  readonly kind: number;
  readonly control: number;
  readonly seed: Seed;
}

/** Serves until this is a copy: what it is wanted for, its control channel, and its seed of random numbers. */
function serve(): Wanted {
  const gc = collector();
  // What V8 has begun to mark, it would go on marking in each copy; and what is not there need not be copied.
  gc();
  rehearseFork();
  const request = Buffer.alloc(1);
  const answer = Buffer.alloc(ANSWER_BYTES);
  for (let seed = drawSeed(); ; seed = drawSeed()) {
    const { length, descriptors } = receiveDescriptors(SERVER, request);
    const [control] = descriptors;
    // The program has ended, or has let the server go.
    if (length <= 0 || control === undefined) exitAtOnce(0);
    const pid = forkProcess(() => gc({ type: 'minor' }));
    if (pid === 0) {
      closeSync(SERVER);
      return { kind: request[0]!, control, seed };
    }
    answer.writeInt32LE(pid);
    answer.writeInt32LE(isCopyWhole() ? WHOLE : 0, 4);
    closeSync(control);
    writeSync(SERVER, answer);
  }
}

void prepare().then(() => {
  const { kind, control, seed } = serve();
  becomeCopy(seed, Number(argument(OTHERS_FLAG)) > 0);
  if (kind === COPY) runCopy(control);
  else void examineCopy(control);
});
