import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { awaitChildExit, peekChildExit } from '../../src/system/child-exit.ts';
import { hasLibrary } from '../../src/system/library.ts';
import { runProgram } from '../support/program.ts';
import { test } from '../support/test.ts';

const LONGER_THAN_AN_INT_MS = 2 ** 40;

test('a child is waited for without an event loop, longer than poll can count, and Node still finds how it ended', async () => {
  if (!hasLibrary()) return console.log('not tried: there is no C library to call here');
  const child = spawn('sh', ['-c', 'read line; exit 7'], { stdio: ['pipe', 'ignore', 'ignore'] });
  assert.equal(peekChildExit(child.pid!), null);
  assert.equal(awaitChildExit(child.pid!, 0), null);
  assert.equal(awaitChildExit(child.pid!, 5), null);
  process.kill(child.pid!, 'SIGTERM');
  assert.deepEqual(awaitChildExit(child.pid!, LONGER_THAN_AN_INT_MS), { code: null, signal: 15 });
  assert.deepEqual(peekChildExit(child.pid!), { code: null, signal: 15 });
  assert.deepEqual(await once(child, 'exit'), [null, 'SIGTERM']);
  // Reaped: how it ended, only Node knows now.
  assert.deepEqual(awaitChildExit(child.pid!, Infinity), { code: null, signal: null });
  assert.equal(peekChildExit(child.pid!), null);
});

test('a child is waited for when no descriptor is left', async () => {
  if (!hasLibrary()) return console.log('not tried: there is no C library to call here');
  const { stdout, stderr } = await runProgram(
    `
    import { spawn } from 'node:child_process';
    import { openSync } from 'node:fs';
    import { awaitChildExit } from 'manycore/system/child-exit';
    const child = spawn('sleep', ['0.2'], { stdio: 'ignore' });
    awaitChildExit(child.pid, 0);
    try { for (;;) openSync('/dev/null'); } catch {}
    console.log(awaitChildExit(child.pid, 1), awaitChildExit(child.pid, Infinity));
    process.exit();
  `,
    { under: ['sh', '-c', 'ulimit -n 200; exec "$@"', 'sh'] },
  );
  assert.equal(stdout, 'null { code: 0, signal: null }\n', stderr);
});

test('without the C library, blocking until a child ends is refused with the reason', async () => {
  const { stdout } = await runProgram(
    `
    import { awaitChildExit, peekChildExit } from 'manycore/system/child-exit';
    console.log(peekChildExit(process.pid));
    try { awaitChildExit(1, 0); } catch (error) { console.log(error.code, error.message); }
  `,
    { env: { MANYCORE_SYSTEM: 'none' } },
  );
  assert.equal(stdout, 'null\nERR_NO_LIBRARY cannot block until process 1 ends: MANYCORE_SYSTEM=none is set. Await it instead\n');
});
