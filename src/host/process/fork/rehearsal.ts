import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { encode, SendError } from '../../../message/index.ts';
import { socketPair } from '../../../system/descriptors.ts';
import { ending } from '../../../system/exit-at-once.ts';
import { FRAME, frame } from '../frame.ts';
import { setupFor } from '../identity.ts';
import { runCopy, type StartMessage } from '../run-child.ts';
import { becomeWho } from '../who.ts';
import { REHEARSAL_BYTES } from './protocol.ts';

/*
 * What each copy does first, its server does before: it is a child from its first message to its end, some times over, but for the
 * end itself. So everything is compiled and known to V8 already, and no copy has to do that again. Nothing of it may be left: neither who
 * it was, nor that it has ended.
 */
const TIMES = 3;
const PATIENCE_MS = 2000;

/** What a child runs that does nothing; whoever starts children of another kind sets theirs. */
export const rehearsal: { letter: () => StartMessage } = { letter: () => [() => {}, []] };

/** Instead of a letter: there is none. */
const NONE = Buffer.alloc(1);

/**
 * In the program: all that such a child is told. It is the program's own letter, for the server would know a function again that it has sent itself. A single byte
 * where it can't be written, or is too long for one message.
 */
export function rehearsed(): Buffer {
  const setup = setupFor({ name: 'fork server', lineage: '0', daemon: false, authKey: new Uint8Array(32) });
  try {
    const first = frame(FRAME.setup, encode(setup, { where: 'process' }).bytes);
    const life = Buffer.concat([first, frame(FRAME.start, encode(rehearsal.letter(), { where: 'process' }).bytes)]);
    return life.length > REHEARSAL_BYTES ? NONE : life;
  } catch (error) {
    if (error instanceof SendError) return NONE;
    throw error;
  }
}

type Listener = (...args: unknown[]) => void;
const EVENTS = ['exit', 'SIGINT'] as const;

/** In the server: lives lives of such a child. Whatever else listens for the end of this process does not hear of theirs. */
export async function rehearse(life: Buffer): Promise<void> {
  if (life.length === NONE.length) return;
  const { exitCode } = process;
  const listeners = EVENTS.map((event) => process.rawListeners(event) as Listener[]);
  for (let lives = 0; lives < TIMES && (await live(life)); lives++);
  ending.by = null;
  process.exitCode = exitCode;
  EVENTS.forEach((event, i) => {
    process.removeAllListeners(event);
    for (const listener of listeners[i]!) process.on(event, listener);
  });
  becomeWho(() => ({ setup: null }));
}

/** One life; false when it does not come to its end. */
async function live(life: Buffer): Promise<boolean> {
  const pair = socketPair('stream');
  if (typeof pair === 'number') return false;
  for (const event of EVENTS) process.removeAllListeners(event);
  // First, for the copy blocks until it has been told.
  writeSync(pair[0], life);
  const parent = new Socket({ fd: pair[0] });
  parent.on('error', () => {}).resume();
  // It would end twice: when its main function has ended, and when its parent has gone.
  const ended = new Promise<boolean>((resolve) => {
    let ends = 0;
    const timer = setTimeout(resolve, PATIENCE_MS, false);
    ending.by = () => {
      (process as unknown as { _exiting: boolean })._exiting = false;
      if (++ends === 1) parent.destroy();
      else resolve(true);
      clearTimeout(timer);
      return 0;
    };
  });
  runCopy(pair[1]);
  return await ended;
}
