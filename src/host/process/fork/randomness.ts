import { randomFillSync, randomInt, randomUUID } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';

/*
 * What a process takes at random, its copies would all take alike, where it lies ready in memory: V8 has the state of `Math.random` from its first
 * use on, and Node draws numbers and UUIDs ahead. Modules that the program has loaded in the server may have begun with both.
 * (OpenSSL sees itself that it has been copied.)
 */
const seeds = new Int32Array(4);
const INTS_AHEAD = 1024;
const UUIDS_AHEAD = 128;

export type Seed = readonly number[];

/** A seed for the next copy, drawn in the server: the first number that it drew itself would cost a copy as much as all the rest. */
export function drawSeed(): Seed {
  return Array.from(randomFillSync(seeds));
}

let isBegun = false;
let draw = Math.random;

/** Runs `load`, and sees whether that uses `Math.random`. */
export function watchRandom(load: () => void): void {
  const { random } = Math;
  Math.random = () => {
    isBegun = true;
    return draw();
  };
  load();
  if (!isBegun) Math.random = random;
}

/** In a copy: what is taken at random from now on, no other one takes. `others`: modules of the program's have been loaded before. */
export function reseed(seed: Seed, others: boolean): void {
  // V8 looks at the seed when `Math.random` is first used.
  if (isBegun) draw = generator(seed);
  else setFlagsFromString(`--random-seed=${seed[0]! & 0x7fff_ffff || 1}`);
  if (!others) return;
  for (let i = 0; i < INTS_AHEAD; i++) randomInt(2);
  for (let i = 0; i < UUIDS_AHEAD; i++) randomUUID();
}

/** sfc32, which passes all known tests of randomness: small, fast, chaotic. 53 bits a number, as V8's. */
function generator(seed: Seed): () => number {
  let [a, b, c, d] = seed as [number, number, number, number];
  const next = (): number => {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  return () => ((next() >>> 5) * 2 ** 26 + (next() >>> 6)) / 2 ** 53;
}
