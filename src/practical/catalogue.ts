import { all, different, either, exactly, type Expectation, holds, inAnyOrder, inOrder, never, nothingBut, times } from './expectation.ts';

export interface Program {
  /** Its number in the practical; a letter for its further forms and the exercises. */
  readonly id: string;
  readonly file: string;
  readonly title: string;
  readonly shows: Expectation;
  /** The exit code of the program, or the signal that ends it; 0 when left out. */
  readonly exitCode?: number | NodeJS.Signals;
  /** What it writes to stderr counts as well, after what it writes to stdout. */
  readonly withStderr?: true;
}

const program = (id: string, file: string, title: string, shows: Expectation, exitCode?: Program['exitCode']): Program => ({
  id,
  file,
  title,
  shows,
  ...(exitCode === undefined ? {} : { exitCode }),
});

const numberOf = (line: string, pattern: RegExp): number => Number(pattern.exec(line)?.[1]);
const secondsOf = (lines: readonly string[]): number =>
  Math.max(...lines.flatMap((line) => numberOf(line, /All pages took ([\d.]+) s/) || []));
const NINE = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => `Task ${n} done`);
const TABLE = /^\s*ncalls +tottime +percall +cumtime +percall +filename:lineno\(function\)$/;

/** The programs of the practical that exist, in its order. */
export const catalogue: readonly Program[] = [
  program(
    'P01',
    'p01-profile',
    'a function under the profiler',
    all(
      inOrder(/^ *[\d,]+ function calls? in [\d.]+ seconds/, TABLE, /fibonacci/, 'result: 832040', TABLE, 'raised: RangeError: as it must'),
    ),
  ),
  program(
    'P02',
    'p02-slurm',
    'jobs on a cluster',
    either(
      exactly(/^there is no cluster here: .+/),
      inOrder(
        '#SBATCH --nodes=1',
        '#SBATCH --partition=broadwell',
        '#SBATCH --time=1:00:00',
        'srun node myprogram.js',
        /^sbatch: job \d+ COMPLETED on (\S+): my program, on \S+$/,
        /^srun: my program, on \S+$/,
        /^hostname: job \d+ COMPLETED on \S+,\S+: \S+$/,
        /^srun hostname: job \d+ COMPLETED on \S+,\S+: \S+ \S+$/,
        'JOBID PARTITION NAME ST NODES NODELIST',
        /^\d+ normal interactive RUNNING 1 \S+$/,
        /^on the node: \S+$/,
        /^module: job \d+ COMPLETED on \S+: python\/\S+$/,
      ),
    ),
  ),
  program('P03', 'p03-run', 'run a program', all(inOrder(/^total /, 'returncode: 0'), times(1, /^returncode/))),
  program('P04', 'p04-check', 'a program that fails', exactly("ERROR: Command '['false']' returned non-zero exit status 1.")),
  program(
    'P05',
    'p05-capture',
    'the output of a program',
    all(
      inOrder('returncode: 0', /^Have \d+ bytes in stdout:$/, /^total /),
      holds('the bytes are counted', (lines) => {
        const listing = lines.slice(2);
        const bytes = listing.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
        return numberOf(lines[1] ?? '', /^Have (\d+) bytes/) === bytes;
      }),
    ),
  ),
  program('P06', 'p06-read', 'read from a program', exactly('read:', String.raw`stdout: '"to stdout"\n'`)),
  program('P07', 'p07-write', 'write to a program', exactly('write:', 'stdin: to stdin')),
  program('P08', 'p08-both-ways', 'write to a program and read from it', exactly('popen2:', "pass through: 'through stdin to stdout'")),
  program('P09', 'p09-chain', 'programs in a row', exactly('Included files:', 'first.txt', 'second.txt')),
  program(
    'P10',
    'p10-signal-child',
    'wait for a signal',
    exactly(/^CHILD +\d+: Setting up signal handler$/, /^CHILD +\d+: Pausing to wait for signal$/, /^CHILD +\d+: Received USR1$/),
  ),
  program(
    'P11',
    'p11-signal-parent',
    'send a program a signal',
    all(
      inOrder('PARENT      : Pausing before sending signal...', 'PARENT      : Signaling child', /^CHILD +\d+: Received USR1$/),
      inOrder(/^CHILD +\d+: Setting up signal handler$/, /^CHILD +\d+: Pausing to wait for signal$/, /^CHILD +\d+: Received USR1$/),
      times(5, /./),
    ),
  ),
  program(
    'P12',
    'p12-receive',
    'signals of another program',
    all(
      inOrder(/^My PID is: \d+$/, 'Waiting...', 'Received: 10', 'Received: 12'),
      nothingBut(/^My PID is/, /^Waiting\.\.\.$/, /^Received: 1[02]$/),
    ),
    'SIGINT',
  ),
  program(
    'P13',
    'p13-signals-and-threads',
    'signals and threads',
    all(
      inOrder('Sending signal in sender', 'Received signal 10 in MainThread', 'Waiting for receiver'),
      inOrder('Waiting for signal in receiver'),
      times(4, /./),
    ),
    'SIGALRM',
  ),
  program(
    'P14',
    'p14-alarm',
    'an alarm of a thread',
    all(
      inOrder(
        /^\d\.\d s Setting alarm in alarm_thread$/,
        /^\d\.\d s Sleeping in alarm_thread$/,
        /^\d\.\d s Alarm in MainThread$/,
        /^\d\.\d s Done with sleep in alarm_thread$/,
        /^\d\.\d s Exiting normally$/,
      ),
      inOrder(/^0\.\d s Waiting for alarm_thread$/, /Alarm in MainThread$/),
      times(6, /./),
      holds('the alarm rings a second after it was set, and the sleep is not cut short', (lines) => {
        const at = (what: RegExp): number => Number.parseFloat(lines.find((line) => what.test(line)) ?? 'NaN');
        return at(/Alarm in/) - at(/Setting/) >= 0.9 && at(/Done/) - at(/Alarm in/) >= 1.5;
      }),
    ),
  ),
  program('P15', 'p15-threads', 'five threads run one function', exactly('Worker', 'Worker', 'Worker', 'Worker', 'Worker')),
  program(
    'P16',
    'p16-arguments',
    'the same, each with an argument',
    all(times(5, /^Worker: \d$/), inAnyOrder('Worker: 0', 'Worker: 1', 'Worker: 2', 'Worker: 3', 'Worker: 4')),
  ),
  program(
    'P17',
    'p17-names',
    'exercise: a name for each thread',
    all(different(5, /^(.+) is at work$/), inAnyOrder('Alice is at work', /^Thread-\d+ \(worker\) is at work$/)),
  ),
  program(
    'P18',
    'p18-daemons',
    'a daemon is left behind',
    all(inOrder('Starting non-daemon', 'Exiting non-daemon'), never('Exiting daemon')),
  ),
  program(
    'P18b',
    'p18b-joined-daemons',
    'a daemon is waited for',
    all(inOrder('Starting daemon', 'Exiting daemon'), inOrder('Starting non-daemon', 'Exiting non-daemon')),
  ),
  program(
    'P18c',
    'p18c-join-in-time',
    'a daemon is waited for, for a while',
    all(inAnyOrder('Starting daemon', 'Starting non-daemon', 'Exiting non-daemon', 'd.isAlive() True'), never('Exiting daemon')),
  ),
  program(
    'P19',
    'p19-enumerate',
    'all threads but the main one are joined',
    all(times(3, /^sleeping 0\.[1-5]0$/), times(3, /^joining Thread-\d \(worker\)$/), times(3, 'ending')),
  ),
  program(
    'P20',
    'p20-event',
    'an event, waited for in two ways',
    all(
      inOrder('(block     ) wait_for_event starting', '(block     ) event set: True'),
      // On a busy machine the event may be set before the thread begins: it has nothing to wait for then.
      either(
        inOrder('(nonblock  ) wait_for_event_timeout starting', '(nonblock  ) event set: True', '(nonblock  ) processing event'),
        never(/^\(nonblock/),
      ),
      inOrder('(MainThread) Waiting before calling Event.set()', '(MainThread) Event is set'),
    ),
  ),
  program(
    'P21',
    'p21-lock',
    'a shared counter under a lock',
    all(
      times(4, /\) Acquired lock$/),
      holds('the last line is the count', (lines) => lines.at(-1) === '(MainThread) Counter: 4'),
    ),
  ),
  program(
    'P22',
    'p22-try-lock',
    'trying for a lock until it was had three times',
    all(
      times(3, /^\(Worker {4}\) Iteration \d+: Acquired$/),
      holds(
        'the iterations are counted',
        (lines) => Number(/Done after (\d+) iterations$/.exec(lines.findLast((line) => line.startsWith('(Worker')) ?? '')?.[1]) >= 3,
      ),
    ),
  ),
  program('P23', 'p23-lock-twice', 'a lock twice', exactly('First try : True', 'Second try: False')),
  program('P24', 'p24-rlock', 'a re-entrant lock twice', exactly('First try : True', 'Second try: True')),
  program('P25', 'p25-using', 'a lock for a block', exactly(/^\(Thread-1 \(workerWith\)\) Lock acquired via with$/)),
  program(
    'P25b',
    'p25b-by-hand',
    'exercise: a lock by hand',
    all(
      inAnyOrder(/^\(Thread-\d \(workerWith\)\) Lock acquired via with$/, /^\(Thread-\d \(workerNoWith\)\) Lock acquired directly$/),
      times(2, /./),
    ),
  ),
  program(
    'P26',
    'p26-condition',
    'two consumers and a producer',
    all(
      inOrder(
        '(c1) Starting consumer thread',
        '(c2) Starting consumer thread',
        '(p ) Starting producer thread',
        '(p ) Making resource available',
        /^\(c[12]\) Resource is available to consumer$/,
        /^\(c[12]\) Resource is available to consumer$/,
      ),
      different(2, /^(\(c[12]\)) Resource/),
    ),
  ),
  program(
    'P27',
    'p27-barrier',
    'three threads meet',
    all(
      times(3, /^worker-[012] waiting for barrier with [012] others$/),
      different(3, /after barrier ([012])$/),
      different(3, /^(worker-[012]) after barrier/),
      holds(
        'nobody passes before all have come',
        (lines) => lines.findLastIndex((line) => line.includes('waiting')) < lines.findIndex((line) => line.includes('after')),
      ),
    ),
  ),
  program(
    'P28',
    'p28-aborted-barrier',
    'a meeting that is called off',
    all(
      times(3, /^worker-[012] waiting for barrier with [012] others$/),
      different(3, /^(worker-[012]) aborting$/),
      holds(
        'all wait before it is called off',
        (lines) => lines.findLastIndex((line) => line.includes('waiting')) < lines.findIndex((line) => line.includes('aborting')),
      ),
    ),
  ),
  program(
    'P29',
    'p29-semaphore',
    'two at a time of four',
    all(
      times(4, /Waiting to join the pool$/),
      times(8, /Running: \[.*\]$/),
      holds('never more than two run', (lines) => lines.every((line) => (line.match(/'/g)?.length ?? 0) <= 4)),
      holds('all have run', (lines) => ['0', '1', '2', '3'].every((name) => lines.some((line) => line.includes(`'${name}'`)))),
      holds('at the end nobody runs', (lines) => lines.at(-1)?.endsWith('Running: []') === true),
    ),
  ),
  program(
    'P30',
    'p30-local',
    'values of one thread',
    all(
      inOrder('(MainThread) No value yet', '(MainThread) value=1000'),
      times(3, /\) No value yet$/),
      times(1, /value=1000$/),
      inOrder(/^\(Thread-1.*No value yet$/, /^\(Thread-1.*value=\d+$/),
      inOrder(/^\(Thread-2.*No value yet$/, /^\(Thread-2.*value=\d+$/),
    ),
  ),
  program(
    'P30b',
    'p30b-local-setup',
    'exercise: every thread begins with the same value',
    all(
      times(3, /\) Initializing$/),
      times(3, /value=1000$/),
      inOrder(/^\(Thread-1.*Initializing$/, /^\(Thread-1.*value=1000$/, /^\(Thread-1.*value=\d+$/),
      inOrder(/^\(Thread-2.*Initializing$/, /^\(Thread-2.*value=1000$/, /^\(Thread-2.*value=\d+$/),
    ),
  ),
  program(
    'P31',
    'p31-fetch-serially',
    'three pages, one after another, profiled',
    all(times(3, /^Fetched : http/), inOrder(TABLE, /fetchPages/, /^ +async function +calls +wall/, /^ +fetchPages +1 /)),
  ),
  program(
    'P32',
    'p32-fetch-by-queue',
    'three pages at once, fed by a queue, profiled',
    all(
      times(3, /^Fetched: http/),
      inOrder(TABLE),
      holds('it is quicker than one after another', (lines) => secondsOf(lines) < 3),
    ),
  ),
  program(
    'P31b',
    'p31b-fetch-by-one-worker',
    'three pages by one worker of an executor',
    all(
      times(3, /^Fetched : http/),
      holds('it is as slow as one after another', (lines) => secondsOf(lines) >= 0.9),
    ),
  ),
  program(
    'P32b',
    'p32b-fetch-by-executor',
    'three pages by an executor, as they are ready',
    all(
      times(3, /^Fetched: http/),
      holds('it is quicker than one after another', (lines) => secondsOf(lines) < 3),
    ),
  ),
  program(
    'P33',
    'p33-processes',
    'five processes',
    all(
      inAnyOrder(...[5, 10, 15, 20, 25].map((number) => new RegExp(`^${number} doubled to ${number * 2} by process id: \\d+$`))),
      different(5, /process id: (\d+)$/),
    ),
  ),
  program(
    'P34',
    'p34-process-names',
    'processes have names',
    all(
      inAnyOrder(
        '5 doubled to 10 by: Process-1',
        '10 doubled to 20 by: Process-2',
        '15 doubled to 30 by: Process-3',
        '20 doubled to 40 by: Process-4',
        '25 doubled to 50 by: Process-5',
        '2 doubled to 4 by: Test',
      ),
      times(6, /./),
    ),
  ),
  program('P35', 'p35-process-lock', 'three processes print under one lock', all(inAnyOrder('tango', 'foxtrot', '10'), times(3, /./))),
  {
    ...program(
      'P36',
      'p36-process-log',
      'what processes do, on stderr',
      all(
        inAnyOrder('tango', 'foxtrot', '10'),
        ...['Process-1', 'Process-2', 'Process-3'].map((name) =>
          inOrder(
            `[INFO/${name}] child process calling run()`,
            `[INFO/${name}] process shutting down`,
            `[INFO/${name}] process exiting with exitcode 0`,
          ),
        ),
        inOrder('[INFO/MainProcess] process shutting down'),
      ),
    ),
    withStderr: true,
  },
  program('P37', 'p37-pool', 'a pool applies a function to a list', exactly('[ 10, 20, 40 ]')),
  program('P37b', 'p37b-any-iterable', 'exercise: must it be a list?', exactly('as a set: [ 10, 20, 40 ]', 'as they come: [ 10, 20, 40 ]')),
  program('P38', 'p38-async-result', 'a result with a time limit', exactly('50', 'TimeoutError', 'late: 50')),
  program(
    'P39',
    'p39-process-queue',
    'a creator and a consumer process',
    inOrder(
      'Creating data and putting it on the queue',
      'data found to be processed: 5',
      '10',
      'data found to be processed: 10',
      '20',
      'data found to be processed: 13',
      '26',
      'data found to be processed: -1',
      '-2',
    ),
  ),
  program(
    'P39b',
    'p39b-pipe',
    'the two ends of a pipe',
    all(
      inOrder('child received: hello child', 'parent received: hello parent', 'the child has closed its end'),
      nothingBut(/received: hello (child|parent)$/, /^the child has closed its end$/),
    ),
  ),
  program(
    'P40',
    'p40-map',
    'map on two workers, in the order of the inputs',
    all(
      inOrder('main: starting', 'main: result 0.5', 'main: result 0.4', 'main: result 0.3', 'main: result 0.2', 'main: result 0.1'),
      inOrder('main: results: [ 0.5, 0.4, 0.3, 0.2, 0.1 ]'),
      inAnyOrder(...[5, 4, 3, 2, 1].map((n) => new RegExp(`^worker_[01]: done with ${n}$`))),
    ),
  ),
  program(
    'P41',
    'p41-submit',
    'one task and its future',
    inOrder(
      'main: starting',
      /^main: future: <Future (pending|running)>$/,
      'main: result: 0.5',
      'main: future after result: <Future finished 0.5>',
    ),
  ),
  program(
    'P42',
    'p42-as-completed',
    'five tasks, as they are done',
    all(inOrder('main: starting'), inAnyOrder(...[5, 4, 3, 2, 1].map((n) => `main: result: [ ${n}, ${n / 10} ]`))),
  ),
  program(
    'P43',
    'p43-callback',
    'a callback reads the result',
    exactly('main: starting', '5: sleeping', '5: done', '5: value returned: 0.5'),
  ),
  program(
    'P44',
    'p44-cancel',
    'ten tasks, eight of which are cancelled',
    all(
      inOrder(...[1, 2, 3, 4, 5, 6, 7, 8].map((n) => `${n}: canceled`), 'main: did not cancel 9', 'main: did not cancel 10'),
      inAnyOrder('9: done', '10: done', '9: not canceled', '10: not canceled'),
    ),
  ),
  program(
    'P45',
    'p45-exception',
    'a task that throws',
    exactly(
      'main: starting',
      '5: starting',
      'main: error: RangeError: the value 5 is no good',
      'main: saw error "the value 5 is no good" when accessing result, the same one',
    ),
  ),
  program('P46', 'p46-scope', 'the executor as a scope', exactly('main: starting', '1', '2', '3', '4', 'main: done')),
  program(
    'P47',
    'p47-process-pool',
    'a pool of processes',
    all(
      inOrder(...[5, 4, 3, 2, 1].map((n) => new RegExp(`^ran task ${n} in process \\d+$`))),
      holds('two processes at most do all of it', (lines) => new Set(lines.map((line) => numberOf(line, /process (\d+)$/))).size <= 2),
    ),
  ),
  program(
    'P48',
    'p48-broken-pool',
    'a worker process is killed',
    inOrder(
      'getting the pid for one worker',
      /^killing process \d+$/,
      'submitting another task',
      /^could not start new tasks: process .* was ended by signal SIGHUP/,
    ),
  ),
  program(
    'P49',
    'p49-hand-over',
    'two coroutines hand over to each other',
    exactly('Running in foo', 'Explicit context to bar', 'Explicit context switch to foo again', 'Implicit context switch back to bar'),
  ),
  program(
    'P50',
    'p50-waits-at-once',
    'three waits at once',
    all(
      inOrder(
        /^gr1 started work: at 0\.\d seconds$/,
        /^gr2 started work: at 0\.\d seconds$/,
        /^Let's do some stuff .*, at 0\.\d seconds$/,
        'Done!',
      ),
      inOrder('Done!', /^gr1 ended work: at 2\.\d seconds$/, /^gr2 ended work: at 2\.\d seconds$/),
      times(6, /./),
    ),
  ),
  program(
    'P51',
    'p51-order-of-tasks',
    'tasks one after another, then at once',
    all(
      inOrder('Synchronous:', ...NINE, 'Asynchronous:'),
      times(18, /^Task \d done$/),
      holds('at once, all nine are done too', (lines) => new Set(lines.slice(lines.indexOf('Asynchronous:') + 1)).size === 9),
    ),
  ),
  program(
    'P52',
    'p52-executor-and-coroutines',
    'a blocking task in an executor, and as coroutines',
    all(
      inOrder('Synchronous:', ...NINE, 'Asynchronous threads:', 'Asynchronous using coroutines:'),
      times(27, /^Task \d done$/),
      holds('nine of them in threads', (lines) => {
        const from = lines.indexOf('Asynchronous threads:') + 1;
        return new Set(lines.slice(from, lines.indexOf('Asynchronous using coroutines:'))).size === 9;
      }),
    ),
  ),
  program(
    'P53',
    'p53-future-callbacks',
    'futures whose callbacks print the results',
    exactly('task1 sleeping for: 3 seconds', 'task2 sleeping for: 1 seconds', 'task2 is finished', 'task1 is finished'),
  ),
  program(
    'P54',
    'p54-fetch-at-once',
    'three pages fetched at once',
    all(times(3, /^URL: http\S+:  Content: ./), times(3, /^<Task Task-\d+ done undefined>$/)),
  ),
  program(
    'P54b',
    'p54b-fetch-cancelled',
    'a fetch is cancelled, another is out of time',
    exactly('cancelled: it is not wanted any more', 'the third page took too long', /^fetched: ./),
  ),
  program(
    'P55',
    'p55-fetch-with-a-pause',
    'three pages at once, one of them after a pause',
    all(
      times(3, /^URL: http\S+:  Content: ./),
      holds('the one that pauses is last', (lines) => /\/two:/.test(lines[2] ?? '')),
      times(3, /^<Task Task-\d+ done undefined>$/),
    ),
  ),
  program(
    'P55b',
    'p55b-pause-cut-short',
    'a pause that is cancelled, another that is out of time',
    exactly(/^fetched: ./, 'the pause is over', 'cancelled: there is no time for pauses', 'the pause is over', 'the pause took too long'),
  ),
];
