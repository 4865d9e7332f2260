import assert from 'node:assert/strict';
import { pipeline, sh } from '../../src/subprocess/index.ts';
import { test } from '../support/test.ts';
import { until } from '../support/until.ts';
import { zombies } from './descriptors.ts';

test('sh that is called like a function is refused, with what to write instead', () => {
  for (const bad of ['ls', ['ls'], undefined, null, 5])
    assert.throws(() => sh(bad as never), {
      name: 'TypeError',
      message: /^sh is a template tag: write sh`…`, or run\(line, \{ shell: true \}\)/,
    });
  for (const bad of [null, 5, 'ls', []])
    assert.throws(() => sh.with(bad as never), { name: 'TypeError', message: /^sh\.with takes an object of options/ });
  for (const bad of [null, 5, 'ls', []])
    assert.throws(() => sh`true`.with(bad as never), { name: 'TypeError', message: /^with takes an object of options/ });
});

test('what is no command is refused in a pipeline by what it is, and those that had started are ended', async () => {
  for (const bad of [null, undefined, 5, true, {}]) {
    assert.throws(() => pipeline(bad as never), TypeError, String(bad));
    assert.throws(
      () => pipeline(['yes'], bad as never, ['cat']),
      { name: 'TypeError', message: /a program must be text|no option|needs/ },
      String(bad),
    );
  }
  assert.throws(() => pipeline(['yes'], [] as never, ['cat']), /needs at least the name of a program: got an empty list/);
  assert.throws(() => pipeline([null] as never), { name: 'TypeError', message: /a program must be text, bytes or a file URL: got null/ });
  await until(() => zombies() === 0);
});
