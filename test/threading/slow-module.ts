import { writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

/* A module that takes a while to load in a thread, and says so by files. */
const { SLOW_MODULE: folder } = process.env;
if (!isMainThread && folder !== undefined) {
  writeFileSync(`${folder}/begun`, '');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  writeFileSync(`${folder}/through`, '');
}

export function slowlyLoaded(): void {}
