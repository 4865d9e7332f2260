import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from '../support/test.ts';

const program = fileURLToPath(new URL('ways/no-inspector.js', import.meta.url));
const permission = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission';

test('without the inspector, functions of modules, without captures, or with captures that are listed travel all the same', () => {
  const flags = ['--no-warnings', permission, '--allow-worker', '--allow-fs-read=*', '--allow-fs-write=*'];
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, program], { encoding: 'utf8' });
  assert.equal(stderr, '');
  const [exported, listed, bare, refused = '', ...rest] = stdout.trimEnd().split('\n');
  assert.deepEqual([exported, listed, bare], ['11', '42', '14']);
  assert.match(refused, /^E_NO_INSPECTOR the function captures `factor`, which can't be read: .*/);
  assert.match(rest.join('\n'), /at .*no-inspector\.ts:\d+:\d+[^]*help: list what it captures: capture\(\{ factor \}, fn\)/);
});
