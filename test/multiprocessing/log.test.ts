import assert from 'node:assert/strict';
import { programLines } from '../support/program-lines.ts';
import { test } from '../support/test.ts';

test('the log of the module goes to stderr when that is asked for, with the name of the process, and in children too', async () => {
  const { stderr } = await programLines(`
    import { logToStderr, Process } from 'manycore/multiprocessing';
    logToStderr('INFO');
    const child = new Process({ target: () => {}, name: 'child' });
    child.start();
    await child.join();`);
  assert.deepEqual(stderr.trimEnd().split('\n'), [
    '[INFO/child] child process calling run()',
    '[INFO/child] process shutting down',
    '[INFO/child] process exiting with exitcode 0',
    '[INFO/MainProcess] process shutting down',
  ]);
});

test('it is a logger like others: with handlers of one’s own, and not of the root’s', async () => {
  const { lines, stderr } = await programLines(`
    import * as logging from 'manycore/logging';
    import { getLogger, Process } from 'manycore/multiprocessing';
    logging.basicConfig({ level: 'DEBUG', stream: 'stdout', format: 'root: %(message)s' });
    getLogger().addHandler(new logging.StreamHandler('stdout').setFormatter(new logging.Formatter('%(levelname)s %(message)s')));
    getLogger().setLevel('INFO');
    logging.info('from the program');
    getLogger().info('by hand');
    new Process({ target: () => {} }).start();`);
  assert.deepEqual(lines, ['root: from the program', 'INFO by hand', 'INFO process shutting down']);
  assert.equal(stderr, '');
});

test('nothing is logged unless it is asked for', async () => {
  const { lines, stderr } = await programLines(`
    import { Process } from 'manycore/multiprocessing';
    new Process({ target: () => console.log('runs') }).start();`);
  assert.deepEqual([lines, stderr], [['runs'], '']);
});
