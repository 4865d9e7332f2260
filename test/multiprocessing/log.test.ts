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

test('a level alone is taken over by children as well: with handlers of their own they log from it on', async () => {
  const { lines, stderr } = await programLines(`
    import { getLogger, Process } from 'manycore/multiprocessing';
    import { Formatter, StreamHandler } from 'manycore/logging';
    getLogger().setLevel('WARNING');
    const child = new Process({ target: () => {
      getLogger().addHandler(new StreamHandler('stdout').setFormatter(new Formatter('%(processName)s %(levelname)s %(message)s')));
      getLogger().info('too low');
      getLogger().warning('high enough');
    }, name: 'child' });
    child.start();
    await child.join();`);
  assert.deepEqual([lines, stderr], [['child WARNING high enough'], '']);
});

test('a child begins with a log that is not set up: warnings go to stderr, and records reach its parent by a queue that processes share', async () => {
  for (const method of ['spawn', 'forkserver']) {
    const { lines, stderr } = await programLines(`
      import * as logging from 'manycore/logging';
      import { getContext, Queue } from 'manycore/multiprocessing';
      const { Process } = getContext(${JSON.stringify(method)});
      logging.basicConfig({ level: 'DEBUG', stream: 'stdout', format: '%(processName)s %(name)s %(levelname)s %(message)s' });
      const records = new Queue();
      const child = new Process({ name: 'child', target: () => {
        logging.info('nobody hears this');
        logging.getLogger('plain').warning('to stderr');
        const logger = logging.getLogger('app');
        logger.addHandler(new logging.QueueHandler(records));
        logger.setLevel('INFO');
        logger.propagate = false;
        logger.debug('too low');
        logger.info('to the parent: %d', 42);
      } });
      const listener = new logging.QueueListener(records, logging.getLogger().handlers);
      listener.start();
      child.start();
      await child.join();
      await listener.stop();`);
    assert.deepEqual(lines, ['child app INFO to the parent: 42'], stderr);
    assert.match(stderr, /to stderr/);
    assert.doesNotMatch(stderr, /nobody hears/);
  }
});
