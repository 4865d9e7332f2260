import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Wait } from '../../base/deadline.ts';
import { deadlineAfter, remaining } from '../../base/deadline.ts';
import { AuthenticationError, BrokenPipeError, ConnectionBrokenError, EndOfFileError } from './errors.ts';
import type { BlockingWait, Frames } from './frames.ts';

/*
 * Both sides prove that they know the secret, without sending it, before anything else is read: a challenge, and its HMAC
 * under the secret. The listener asks first. The messages are those of CPython 3.12 and later, with SHA-256:
 *
 *   who asks               #CHALLENGE#{sha256}40 random bytes
 *   who answers            {sha256}HMAC of what follows #CHALLENGE#
 *   who asks               #WELCOME# or #FAILURE#
 *
 * MD5, which CPython takes from versions before 3.12, is refused.
 */
const CHALLENGE = Buffer.from('#CHALLENGE#');
const WELCOME = Buffer.from('#WELCOME#');
const FAILURE = Buffer.from('#FAILURE#');
const RANDOM_BYTES = 40;
const RANDOM_BYTES_MIN = 20;
/** No message of these is longer. */
const LIMIT = 256;
const PATIENCE_MS = 10_000;

const DIGESTS: ReadonlyMap<string, string> = new Map([
  ['sha256', 'sha256'],
  ['sha384', 'sha384'],
  ['sha3_256', 'sha3-256'],
  ['sha3_384', 'sha3-384'],
]);

/** Yields what to send, or `null` to be given the next message. */
type Handshake = Generator<Uint8Array | null, void, Uint8Array>;

function* ask(secret: Uint8Array): Handshake {
  const message = Buffer.concat([Buffer.from('{sha256}'), randomBytes(RANDOM_BYTES)]);
  yield Buffer.concat([CHALLENGE, message]);
  const answered = yield null;
  const digest = digestOf(answered);
  const expected = digest === null ? null : proof(secret, message, digest);
  const isRight = expected !== null && expected.length === answered.length && timingSafeEqual(expected, answered);
  yield isRight ? WELCOME : FAILURE;
  if (isRight) return;
  throw new AuthenticationError('the other side does not know the secret: its answer to the challenge is wrong');
}

function* answer(secret: Uint8Array): Handshake {
  const message = Buffer.from(yield null);
  const challenge = message.subarray(CHALLENGE.length);
  if (!message.subarray(0, CHALLENGE.length).equals(CHALLENGE) || challenge.length < RANDOM_BYTES_MIN)
    throw new AuthenticationError('the other side did not send a challenge: does it use authentication, and the same protocol?');
  const digest = digestOf(challenge);
  if (digest === null)
    throw new AuthenticationError(`the other side wants a digest that is refused: one of ${[...DIGESTS.keys()].join(', ')} was expected`);
  yield proof(secret, challenge, digest);
  if (!WELCOME.equals(yield null))
    throw new AuthenticationError('the other side has another secret: it refused our answer to its challenge');
}

/** Which digest a message names at its beginning, as `{sha256}`; `null` when it is none of ours. */
function digestOf(message: Uint8Array): string | null {
  const name = /^\{(\w{1,16})\}/.exec(Buffer.from(message.subarray(0, 20)).toString('latin1'))?.[1];
  return name !== undefined && DIGESTS.has(name) ? name : null;
}

function proof(secret: Uint8Array, message: Uint8Array, digest: string): Buffer {
  const mac = createHmac(DIGESTS.get(digest)!, secret).update(message).digest();
  return Buffer.concat([Buffer.from(`{${digest}}`), mac]);
}

function* handshake(secret: Uint8Array, side: Side): Handshake {
  const [first, second] = side === 'listener' ? [ask, answer] : [answer, ask];
  yield* first(secret);
  yield* second(secret);
}

/** Who listened, and who came. */
export type Side = 'listener' | 'client';

/**
 * Proves to the other side that we know the secret, and has it prove that it does. Rejects with `AuthenticationError` when it does not, or
 * goes away, or is silent, for 10 seconds unless said otherwise; the connection is closed then.
 */
export async function authenticate(frames: Frames, secret: Uint8Array, side: Side, wait: Wait = {}): Promise<void> {
  const deadline = deadlineAfter(wait.timeout ?? PATIENCE_MS);
  const steps = handshake(secret, side);
  const { limit } = frames;
  frames.limit = LIMIT;
  try {
    for (let step = steps.next(); step.done !== true;) {
      const left = { timeout: remaining(deadline), signal: wait.signal };
      if (step.value === null) step = steps.next(heard(await frames.receive(left)));
      else if (await frames.send(step.value, left)) step = steps.next(NOTHING);
      else throw silent();
    }
  } catch (error) {
    throw refused(frames, error);
  }
  frames.limit = limit;
}

/** The blocking twin of `authenticate`. */
export function authenticateSync(frames: Frames, secret: Uint8Array, side: Side, wait: BlockingWait = {}): void {
  const deadline = deadlineAfter(wait.timeout ?? PATIENCE_MS);
  const steps = handshake(secret, side);
  const { limit } = frames;
  frames.limit = LIMIT;
  try {
    for (let step = steps.next(); step.done !== true;) {
      const left = { timeout: remaining(deadline) };
      if (step.value === null) step = steps.next(heard(frames.receiveSync(left)));
      else if (frames.sendSync(step.value, left)) step = steps.next(NOTHING);
      else throw silent();
    }
  } catch (error) {
    throw refused(frames, error);
  }
  frames.limit = limit;
}

const NOTHING = new Uint8Array(0);

function heard(message: Uint8Array | null): Uint8Array {
  if (message === null) throw silent();
  return message;
}

const silent = (): Error => new AuthenticationError('the other side did not prove in time that it knows the secret');

/** Closes the connection; the other side's going away is a failure to prove itself. */
function refused(frames: Frames, error: unknown): unknown {
  frames.close();
  const went = error instanceof EndOfFileError || error instanceof ConnectionBrokenError || error instanceof BrokenPipeError;
  return went
    ? new AuthenticationError('the other side went away, or sent nonsense, instead of proving that it knows the secret', { cause: error })
    : error;
}
