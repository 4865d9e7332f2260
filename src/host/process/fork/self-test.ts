import { pbkdf2 } from 'node:crypto';
import { promises, writeSync } from 'node:fs';

import { createServer, connect } from 'node:net';
import { inspect, promisify } from 'node:util';
import { decode, encode } from '../../../message/index.ts';
import { systemPid } from '../../../system/fork.ts';
import { PASSED } from './protocol.ts';

/*
 * What must work in a copy before any is handed out: it depends on how this version of Node is made. Whatever hangs instead is ended by the
 * program, which waits only so long.
 */
const LATE: string = 'data:text/javascript,export default 7';
const checks: Readonly<Record<string, () => unknown>> = {
  'its number': async () =>
    Number.parseInt(await promises.readFile('/proc/self/stat', 'latin1'), 10) === process.pid && systemPid() === process.pid,
  timers: () => new Promise((resolve) => setTimeout(resolve, 1, true)),
  'compiled code and garbage': () => {
    let sum = 0;
    const kept: object[] = [];
    for (let i = 0; i < 300_000; i++) {
      sum += (i * 7) % 13;
      if (i % 3 === 0) kept.push({ i, text: `x${i}` });
    }
    return sum === 1_800_000 && kept.length === 100_000;
  },
  'threads of libuv': async () => (await promisify(pbkdf2)('a', 'b', 1, 16, 'sha256')).length === 16,
  'modules that are imported late': async () => ((await import(LATE)) as { default: number }).default === 7,
  'functions that travel': () => {
    const factor = 3;
    return (decode(Uint8Array.from(encode((n: number) => n * factor).bytes)) as (n: number) => number)(14) === 42;
  },
  signals: () =>
    new Promise((resolve) => {
      process.once('SIGUSR2', () => resolve(true));
      process.kill(process.pid, 'SIGUSR2');
    }),
  sockets: () =>
    new Promise((resolve, reject) => {
      const server = createServer((socket) => socket.end('x'));
      server.on('error', reject).listen(`\0manycore-${process.pid}`, () => {
        connect(`\0manycore-${process.pid}`)
          .on('error', reject)
          .on('data', () => server.close(() => resolve(true)));
      });
    }),
};

/** Runs all checks, and tells the program by its control channel. Ends the process. */
export async function examineCopy(control: number): Promise<void> {
  let found = PASSED;
  // A loop that has nothing to do would end, and that this can't is known.
  const stay = setInterval(() => {}, 1000);
  for (const [what, check] of Object.entries(checks)) {
    try {
      if ((await check()) !== true) found = `${what}: a wrong result`;
    } catch (error) {
      found = `${what}: ${inspect(error)}`;
    }
    if (found !== PASSED) break;
  }
  clearInterval(stay);
  writeSync(control, found);
  // It is no child of the program's: what the program has loaded ahead does not hear of its end.
  process.removeAllListeners('exit');
  process.exit(0);
}
