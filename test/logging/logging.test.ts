import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dismissCarriers } from '../../src/host/thread/carrier.ts';
import * as logging from '../../src/logging/index.ts';
import { Thread } from '../../src/threading/index.ts';
import { after, test } from '../support/test.ts';

const folder = mkdtempSync(join(tmpdir(), 'manycore-log-'));
after(async () => {
  await dismissCarriers();
  rmSync(folder, { recursive: true });
});
let files = 0;
const newFile = (): string => join(folder, `${++files}.log`);

const logs = new URL('../../src/logging/index.js', import.meta.url).href;
const threading = new URL('../../src/threading/index.js', import.meta.url).href;

function run(text: string): { readonly stdout: string; readonly stderr: string } {
  const program = `import * as logging from ${JSON.stringify(logs)}; import { Thread, currentThread } from ${JSON.stringify(threading)};\n${text}`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8', timeout: 60_000 });
}

test("the practical's line: level and format by basicConfig, also in threads that it has started before and after", () => {
  const { stderr } = run(`
    const early = new Thread({ name: 'early', target: () => 1 });
    early.start(); await early.join();
    logging.basicConfig({ level: 'DEBUG', format: '(%(threadName)-10s) %(message)s' });
    logging.debug('in %s', 'main');
    const thread = new Thread({ name: 'worker', target: () => logging.debug('in a thread') });
    thread.start(); await thread.join();`);
  assert.equal(stderr, '(MainThread) in main\n(worker    ) in a thread\n');
});

test('without a configuration warnings are not swallowed, and the rest is', () => {
  const { stderr } = run(`logging.getLogger('a').info('quiet'); logging.getLogger('a').warning('loud %d', 3);`);
  assert.equal(stderr, 'loud 3\n');
});

test('a record goes to the handlers of its logger and of its parents, as the levels and propagate say', () => {
  const seen: string[] = [];
  const list = (name: string): logging.Handler => {
    class ListHandler extends logging.NullHandler {
      override emit({ message }: logging.LogRecord): void {
        (globalThis as { seen?: string[] }).seen?.push(`${name}: ${message}`);
      }
    }
    return new ListHandler();
  };
  (globalThis as { seen?: string[] }).seen = seen;
  const parent = logging.getLogger('parent');
  const child = logging.getLogger('parent.child');
  assert.equal(child.parent, parent);
  assert.equal(logging.getLogger('parent.child'), child);
  assert.equal(parent.getChild('child'), child);
  parent.setLevel('INFO');
  const [of, to] = [list('parent'), list('child')];
  parent.addHandler(of);
  child.addHandler(to);
  child.debug('too low');
  child.info('both');
  to.setLevel('ERROR');
  child.warning('parent alone');
  child.propagate = false;
  child.error('child alone');
  assert.deepEqual(seen, ['child: both', 'parent: both', 'parent: parent alone', 'child: child alone']);
  assert.equal(child.getEffectiveLevel(), logging.INFO);
  assert.equal(child.isEnabledFor('DEBUG'), false);
  parent.removeHandler(of);
  child.removeHandler(to);
  assert.equal(child.hasHandlers(), false);
});

test('filters, disabled loggers and disable() keep records back', () => {
  const file = newFile();
  const logger = logging.getLogger('filtered');
  logger.propagate = false;
  logger.addHandler(new logging.FileHandler(file).addFilter(({ message }) => !message.includes('secret')));
  logger.warning('open');
  logger.warning('secret');
  logger.disabled = true;
  logger.warning('disabled');
  logger.disabled = false;
  logging.disable('WARNING');
  logger.warning('below');
  logger.error('above');
  logging.disable('NOTSET');
  assert.equal(readFileSync(file, 'utf8'), 'open\nabove\n');
});

test('fields of the format: widths, cuts, numbers, the caller, the time and what extra adds', () => {
  const file = newFile();
  const logger = logging.getLogger('fields');
  logger.propagate = false;
  logger.addHandler(
    new logging.FileHandler(file).setFormatter(
      new logging.Formatter('%(levelname)-8s|%(name)10s|%(name).3s|%(lineno)d|%(filename)s|%(user)s|%(process)d|%%|%(asctime)s'),
    ),
  );
  logger.logWith({ extra: { user: 'ada' } }, 'WARNING', 'text');
  assert.match(
    readFileSync(file, 'utf8'),
    /^WARNING \| {4}fields\|fie\|\d+\|logging\.test\.[jt]s\|ada\|\d+\|%\|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}\n$/,
  );
  assert.equal(new logging.Formatter('%(asctime)s', { dateFormat: '%H' }).format.length, 11);
});

test('an error is written with its stack, and a format that names what is not there does not end the program', () => {
  const file = newFile();
  const logger = logging.getLogger('errors');
  logger.propagate = false;
  logger.addHandler(new logging.FileHandler(file));
  logger.exception('it failed', new TypeError('as it must'));
  assert.match(readFileSync(file, 'utf8'), /^it failed\nTypeError: as it must\n\s+at /);
  const { stderr } = run(`logging.basicConfig({ format: '%(nothing)s' }); logging.warning('text'); console.log('goes on');`);
  assert.match(stderr, /--- Logging error ---[^]*%\(nothing\)s[^]*Message: 'text'/);
});

test('JSON lines: one object a record, with the error and what extra adds', () => {
  const file = newFile();
  const logger = logging.getLogger('json');
  logger.propagate = false;
  logger.addHandler(new logging.JsonHandler(file));
  logger.logWith({ extra: { user: 'ada' } }, 'ERROR', 'it failed: %s', 'twice', new TypeError('as it must'));
  const record = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown> & { err: { type: string; message: string } };
  assert.deepEqual(
    [record['level'], record['name'], record['msg'], record['user'], record['threadName']],
    ['ERROR', 'json', 'it failed: twice', 'ada', 'MainThread'],
  );
  assert.equal(record.err.type, 'TypeError');
  assert.equal(record.err.message, 'as it must');
});

test('records of many threads to one file are whole, however long', async () => {
  const file = newFile();
  const logger = logging.getLogger('many');
  logger.propagate = false;
  logger.setLevel('INFO');
  logger.addHandler(new logging.FileHandler(file).setFormatter(new logging.Formatter('%(threadName)s %(message)s')));
  const threads = ['a', 'b', 'c'].map(
    (letter) =>
      new Thread({
        name: letter,
        args: [letter],
        target: (mine: string) => {
          for (let i = 0; i < 20; i++) logger.info(mine.repeat(i % 2 === 0 ? 10 : 20_000));
        },
      }),
  );
  for (const thread of threads) thread.start();
  for (const thread of threads) await thread.join();
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  assert.equal(lines.length, 60);
  for (const line of lines) assert.match(line, /^(a a+|b b+|c c+)$/);
});

test('basicConfig does nothing a second time, unless it is forced, and takes one place only', () => {
  const [first, second] = [newFile(), newFile()];
  logging.basicConfig({ filename: first, format: '%(message)s' });
  logging.basicConfig({ filename: second, format: '%(message)s' });
  logging.warning('one');
  logging.basicConfig({ filename: second, format: '%(message)s', force: true });
  logging.warning('two');
  assert.equal(readFileSync(first, 'utf8'), 'one\n');
  assert.equal(readFileSync(second, 'utf8'), 'two\n');
  assert.throws(() => logging.basicConfig({ filename: first, stream: 'stderr' }), { name: 'TypeError', message: /one of/ });
  for (const handler of logging.getLogger().handlers) logging.getLogger().removeHandler(handler);
});

test('levels have names, of one’s own too; an unknown one is refused', () => {
  logging.addLevelName(15, 'FINE');
  assert.equal(logging.getLevelName(15), 'FINE');
  assert.equal(logging.getLevelName(16), 'Level 16');
  const logger = logging.getLogger('levels');
  logger.setLevel('fine');
  assert.equal(logger.level, 15);
  assert.throws(() => logger.setLevel('LOUD'), { name: 'RangeError', message: /LOUD/ });
});

test('a handler that cannot travel is refused, and nothing has changed', () => {
  class Stuck extends logging.NullHandler {
    promise = Promise.resolve();
  }
  const logger = logging.getLogger('stuck');
  assert.throws(() => logger.addHandler(new Stuck()), { name: 'SendError' });
  assert.equal(logger.handlers.length, 0);
});
