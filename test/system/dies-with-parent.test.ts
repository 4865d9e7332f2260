import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { canShareMemory } from '../../src/system/memory.ts';
import { test } from '../support/test.ts';

const memory = new URL('../../src/system/memory.js', import.meta.url).href;

/** A child that asks for it when it is told to, after its parent's end of the control channel was closed, or not. */
async function asksFor(isClosed: boolean): Promise<NodeJS.Signals | number> {
  const text = `import { diesWithParent } from ${JSON.stringify(memory)};
    process.stdin.once('data', () => { diesWithParent(3); process.exit(5); });
    console.log('listens');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', text], { stdio: ['pipe', 'pipe', 'inherit', 'pipe'] });
  await once(child.stdout!, 'data');
  const control = child.stdio[3] as Duplex;
  if (isClosed) {
    control.destroy();
    await once(control, 'close');
  }
  child.stdin!.write('now');
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  control.destroy();
  return signal ?? code!;
}

test('a process whose parent has ended before the system was told to end it then, ends at once', async (context) => {
  if (!canShareMemory()) return context.skip('the system cannot be asked for it here');
  assert.equal(await asksFor(true), 'SIGKILL');
  assert.equal(await asksFor(false), 5);
});
