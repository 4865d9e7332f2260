import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { dismissCarriers } from '../../src/host/thread/carrier.ts';
import * as logging from '../../src/logging/index.ts';
import { Queue } from '../../src/queue/index.ts';
import { Event, Thread } from '../../src/threading/index.ts';
import { programLines } from '../support/program-lines.ts';
import { after, test } from '../support/test.ts';

const folder = mkdtempSync(join(tmpdir(), 'manycore-log-'));
after(async () => {
  logging.shutdown();
  await dismissCarriers();
  rmSync(folder, { recursive: true });
});
let made = 0;
const newFile = (): string => join(folder, `${++made}.log`);
const linesOf = (file: string): string[] => readFileSync(file, 'utf8').trimEnd().split('\n');

/** A logger that has this handler alone. */
function loggerWith(handler: logging.Handler, format = '%(message)s'): logging.Logger {
  const logger = logging.getLogger(`test-${++made}`);
  logger.propagate = false;
  logger.setLevel('DEBUG');
  logger.addHandler(handler.setFormatter(new logging.Formatter(format)));
  return logger;
}

test("messages are Python's formats, and Node's %o and %j", () => {
  const file = newFile();
  const logger = loggerWith(new logging.FileHandler(file));
  logger.info('waits %0.02f s, %5d|%-5s|%05.1f|%+d|%x|%e', 0.256, 42, 'ab', 4.56789, 7, 255, 12345.678);
  logger.info('%r %s %j %o', 'text', ['a'], { a: 1 }, { b: 2 });
  logger.info('%(name)s is %(age)d', { name: 'Ada', age: 36 });
  logger.info('100%% of %s and %s', 'one');
  logger.info('more', 'arguments', { than: 'places' });
  logger.info({ no: 'text' });
  logger.info('%s', new Date(0).toISOString().length, 5n);
  assert.deepEqual(linesOf(file), [
    'waits 0.26 s,    42|ab   |004.6|+7|ff|1.234568e+04',
    `'text' [ 'a' ] {"a":1} { b: 2 }`,
    'Ada is 36',
    '100% of one and %s',
    `more arguments { than: 'places' }`,
    `{ no: 'text' }`,
    '24 5n',
  ]);
});

test('what is changed of a handler later holds in all threads, also in those that run', async () => {
  const file = newFile();
  const handler = new logging.FileHandler(file);
  const logger = loggerWith(handler, 'one %(message)s');
  const [first, go, second, back] = [new Event(), new Event(), new Event(), new Event()];
  const thread = new Thread({
    target: () => {
      logger.info('a');
      first.set();
      go.waitSync();
      logger.info('not this one');
      logger.warning('b');
      second.set();
      back.waitSync();
      logger.handlers[0]!.setLevel('NOTSET');
    },
  });
  thread.start();
  await first.wait();
  handler.setLevel('WARNING').setFormatter(new logging.Formatter('two %(message)s'));
  go.set();
  await second.wait();
  logger.info('nor this one');
  back.set();
  await thread.join();
  logger.info('c');
  assert.equal(logger.handlers[0], handler);
  assert.deepEqual(linesOf(file), ['one a', 'two b', 'two c']);
});

test('a Filter lets a logger and its children through; a filter may hand on another record', () => {
  const file = newFile();
  const handler = new logging.FileHandler(file).addFilter(new logging.Filter('app.db'));
  const root = loggerWith(handler, '%(name)s %(message)s');
  const logged = (name: string): void => root.handle(new logging.LogRecord(name, logging.INFO, 'x', []));
  for (const name of ['app.db', 'app.db.pool', 'app.dbx', 'app']) logged(name);
  assert.deepEqual(linesOf(file), ['app.db x', 'app.db.pool x']);
  const other = loggerWith(
    new logging.FileHandler(newFile()).addFilter((record) => new logging.LogRecord(record.name, record.levelno, 'replaced', [])),
  );
  other.info('secret');
  assert.deepEqual(linesOf((other.handlers[0] as logging.FileHandler).filename), ['replaced']);
  assert.throws(() => handler.addFilter(1 as never), { name: 'TypeError', message: /a filter is a function/ });
});

test('an adapter adds fields, also in a thread that has captured it; a class of one’s own changes messages', async () => {
  const file = newFile();
  const adapter = new logging.LoggerAdapter(loggerWith(new logging.FileHandler(file), '[%(user)s] %(message)s'), { user: 'ada' });
  adapter.info('in %s', 'main');
  const thread = new Thread({ target: () => adapter.warning('in a thread') });
  thread.start();
  await thread.join();
  adapter.logWith({ extra: { user: 'bob' } }, 'ERROR', 'said otherwise');
  class Loud extends logging.LoggerAdapter {
    override process(message: unknown, options: logging.LogOptions): readonly [unknown, logging.LogOptions] {
      return [`${String(message).toUpperCase()}!`, options];
    }
  }
  new Loud(adapter).info('twice');
  assert.deepEqual(linesOf(file), ['[ada] in main', '[ada] in a thread', '[bob] said otherwise', '[ada] TWICE!']);
});

test('warnings are logged instead of printed while captureWarnings is on', async () => {
  const { lines, stderr } = await programLines(`
    import * as logging from 'manycore/logging';
    logging.basicConfig({ stream: 'stdout', format: '%(name)s %(levelname)s %(message)s' });
    const tick = () => new Promise((resolve) => setImmediate(resolve));
    logging.captureWarnings(true); logging.captureWarnings(true);
    process.emitWarning('old', 'DeprecationWarning', 'DEP9999'); await tick();
    logging.captureWarnings(false);
    process.emitWarning('printed'); await tick();`);
  assert.deepEqual(lines, ['warnings WARNING DeprecationWarning [DEP9999]: old']);
  assert.match(stderr, /^\(node:\d+\) Warning: printed/);
});

test('a rotating file keeps its size and its number of old ones, with many threads writing', async () => {
  const file = newFile();
  const logger = loggerWith(new logging.RotatingFileHandler(file, { maxBytes: 1000, backupCount: 100 }));
  const threads = ['a', 'b'].map(
    (letter) =>
      new Thread({
        args: [letter],
        target: (mine: string) => {
          for (let i = 0; i < 100; i++) logger.info('%s %03d %s', mine, i, 'x'.repeat(40));
        },
      }),
  );
  for (const thread of threads) thread.start();
  for (const thread of threads) await thread.join();
  const all = readdirSync(folder).filter((name) => name.startsWith(basename(file)));
  assert.ok(all.length > 5);
  const lines = all.flatMap((name) => {
    const text = readFileSync(join(folder, name), 'utf8');
    assert.ok(text.length <= 1000);
    return text.trimEnd().split('\n');
  });
  assert.equal(lines.length, 200);
  assert.equal(new Set(lines.map((line) => line.slice(0, 5))).size, 200);

  const few = newFile();
  const small = loggerWith(new logging.RotatingFileHandler(few, { maxBytes: 5, backupCount: 2 }));
  for (const word of ['one', 'two', 'three', 'four']) small.info(word);
  assert.deepEqual([linesOf(few), linesOf(`${few}.1`), linesOf(`${few}.2`), existsSync(`${few}.3`)], [['four'], ['three'], ['two'], false]);
  for (const maxBytes of [-1, NaN]) assert.throws(() => new logging.RotatingFileHandler(few, { maxBytes }), RangeError);
});

test('a file is moved away when its time is over, named after its beginning, and the oldest are removed', (context) => {
  const now = new Date('2026-03-04T10:00:30Z').getTime();
  context.mock.timers.enable({ apis: ['Date'], now });
  const file = newFile();
  const logger = loggerWith(new logging.TimedRotatingFileHandler(file, { when: 'M', utc: true, backupCount: 2 }));
  logger.removeHandler(logger.handlers[0]!);
  rmSync(file);
  const handler = new logging.TimedRotatingFileHandler(file, { when: 'M', utc: true, backupCount: 2, delay: true });
  logger.addHandler(handler);
  for (let minute = 0; minute < 4; minute++) {
    context.mock.timers.setTime(now + minute * 61_000);
    logger.info('minute %d', minute);
  }
  const old = readdirSync(folder)
    .filter((name) => name.startsWith(`${basename(file)}.`))
    .toSorted();
  assert.deepEqual(old, [`${basename(file)}.2026-03-04_10-01`, `${basename(file)}.2026-03-04_10-02`]);
  assert.deepEqual(
    old.map((name) => linesOf(join(folder, name))),
    [['minute 1'], ['minute 2']],
  );
  assert.deepEqual(linesOf(file), ['minute 3']);
  for (const options of [{ when: 'X' }, { interval: 0 }, { interval: 1.5 }, { backupCount: -1 }])
    assert.throws(() => new logging.TimedRotatingFileHandler(newFile(), options as never), RangeError);
});

test('a watched file that is moved away is begun anew', () => {
  const file = newFile();
  const logger = loggerWith(new logging.WatchedFileHandler(file));
  logger.info('one');
  renameSync(file, `${file}.old`);
  logger.info('two');
  assert.deepEqual([linesOf(`${file}.old`), linesOf(file)], [['one'], ['two']]);
});

test('a memory handler lets records go when it is full, when a bad one comes, and when its thread ends', async () => {
  const file = newFile();
  const logger = loggerWith(new logging.MemoryHandler(3, { target: new logging.FileHandler(file) }));
  logger.info('a');
  logger.info('b');
  assert.deepEqual(linesOf(file), ['']);
  logger.info('c');
  assert.deepEqual(linesOf(file), ['a', 'b', 'c']);
  logger.error('at once');
  assert.equal(linesOf(file).at(-1), 'at once');
  const thread = new Thread({ target: () => logger.info('of a thread') });
  thread.start();
  await thread.join();
  assert.equal(linesOf(file).at(-1), 'of a thread');
  const { lines } = await programLines(`
    import * as logging from 'manycore/logging';
    logging.basicConfig({ handlers: [new logging.MemoryHandler(100, { target: new logging.StreamHandler('stdout') })] });
    logging.warning('at the end');`);
  assert.deepEqual(lines, ['at the end']);
});

test('a queue handler takes the work of writing to another thread; what cannot travel is in the text already', async () => {
  const file = newFile();
  const queue = new Queue<logging.LogRecord | null>();
  const logger = loggerWith(new logging.QueueHandler(queue));
  const listener = new logging.QueueListener(queue, [
    new logging.FileHandler(file).setFormatter(new logging.Formatter('%(threadName)s %(levelname)s %(message)s %(filename)s')),
    new logging.FileHandler(newFile()).setLevel('CRITICAL'),
  ]);
  listener.start();
  listener.start();
  const thread = new Thread({ name: 'worker', target: () => logger.info('an answer: %s, %d', Promise.resolve(4), 42) });
  thread.start();
  await thread.join();
  logger.exception('failed', new TypeError('as it must'));
  await listener.stop();
  await listener.stop();
  const [first, second, ...stack] = linesOf(file);
  assert.equal(first, 'worker INFO an answer: Promise { 4 }, 42 handlers.test.ts'.replace('.ts', /\.[jt]s$/.exec(first!)![0]));
  assert.match(second!, /^MainThread ERROR failed handlers\.test/);
  assert.match(stack.join('\n'), /^TypeError: as it must\n\s+at /);
});

test('stackInfo adds the stack of whoever logs', () => {
  const file = newFile();
  const logger = loggerWith(new logging.FileHandler(file));
  function logsIt(): void {
    logger.logWith({ stackInfo: true }, 'INFO', 'here');
  }
  logsIt();
  assert.match(readFileSync(file, 'utf8'), /^here\nStack \(most recent call first\):\n\s+at logsIt /);
});

test('dictConfig sets up formatters, filters, handlers and loggers by name, or nothing at all', () => {
  const file = newFile();
  const before = logging.getLogger('before');
  logging.dictConfig({
    version: 1,
    formatters: { short: { format: '%(levelname).1s %(message)s' } },
    filters: { quiet: ({ message }) => !message.includes('secret'), mine: { name: 'configured' } },
    handlers: { file: { class: 'FileHandler', args: [file], level: 'INFO', formatter: 'short', filters: ['quiet', 'mine'] } },
    loggers: { configured: { level: 'DEBUG', handlers: ['file'], propagate: false } },
  });
  const logger = logging.getLogger('configured');
  logger.debug('too low');
  logger.info('told');
  logger.warning('secret');
  logging.getLogger('configured.child').error('too');
  assert.deepEqual(linesOf(file), ['I told', 'E too']);
  assert.equal(before.disabled, true);
  before.disabled = false;
  assert.throws(() => logging.dictConfig({ version: 1, loggers: { configured: { handlers: ['nobody'] } } }), {
    name: 'RangeError',
    message: /no handler 'nobody'/,
  });
  assert.equal(logger.handlers.length, 1);
  assert.equal(before.disabled, false);
  assert.throws(() => logging.dictConfig({ version: 2 as 1 }), RangeError);
});

test('loggers form a tree; levels are inherited, and have their names', async () => {
  const parent = logging.getLogger('tree');
  const child = parent.getChild('branch.leaf');
  assert.equal(child.name, 'tree.branch.leaf');
  assert.equal(child.parent?.parent, parent);
  assert.deepEqual([...parent.getChildren()], [child.parent]);
  parent.setLevel('ERROR');
  assert.deepEqual([child.isEnabledFor('WARNING'), child.isEnabledFor('ERROR')], [false, true]);
  assert.equal(logging.getLevelNamesMapping()['WARNING'], 30);
  const seen = new Queue<boolean>();
  const thread = new Thread({ target: () => seen.putNoWait(child.isEnabledFor('WARNING')) });
  thread.start();
  await thread.join();
  assert.equal(seen.getNoWait(), false);
});
