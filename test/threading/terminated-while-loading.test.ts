import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Thread } from '../../src/threading/index.ts';
import { test } from '../support/test.ts';
import { until } from '../support/until.ts';
import { slowlyLoaded } from './slow-module.ts';

test('a thread that is terminated while it loads a module ends; on Node 20, which would abort, once it is through', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'manycore-slow-'));
  process.env['SLOW_MODULE'] = folder;
  try {
    const thread = new Thread({ target: slowlyLoaded, fresh: true });
    thread.start();
    await until(() => existsSync(join(folder, 'begun')));
    await thread.terminate();
    assert.equal(thread.isAlive, false);
    if (process.versions.node.startsWith('20.')) assert.ok(existsSync(join(folder, 'through')));
  } finally {
    delete process.env['SLOW_MODULE'];
    rmSync(folder, { recursive: true });
  }
});
