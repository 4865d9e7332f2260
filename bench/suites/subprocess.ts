import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { ExecaModule, NanoSpawnModule, TinyexecModule, ZxModule } from '../harness/peer-types.ts';
import { loadPeer } from '../harness/peers.ts';
import { middle, stopwatch } from '../harness/stopwatch.ts';
import type { Contender, Line, Measured, Suite } from '../harness/suite.ts';
import { PIPE, pipeline, Popen, run } from 'manycore/subprocess';

/** Runs `command` so many times, eight at a time. */
async function many(times: number, command: () => PromiseLike<unknown>): Promise<Measured> {
  for (let i = 0; i < 16; i++) await command();
  const stop = stopwatch();
  let left = times;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await command();
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return stop(times);
}

async function onceOnly(work: () => PromiseLike<unknown>): Promise<Measured> {
  const stop = stopwatch();
  await work();
  return stop(1);
}

const COMMANDS = 1000;
const short = (name: string, command: () => Promise<() => PromiseLike<unknown>>, peer?: string): Contender => ({
  name,
  run: async ({ count }) => many(count(COMMANDS), await command()),
  ...(peer === undefined ? {} : { peer }),
});
const python = (name: string, what: string): Contender => ({ name, python: 'subprocesses.py', what });

const commands: Line = {
  name: 'short commands, eight at a time',
  unit: 'k/s',
  aim: { times: 0.9, of: 'xargs -P8' },
  contenders: [
    short('manycore run', async () => () => run(['/bin/echo', 'hi'], { captureOutput: true })),
    short('child_process execFile', async () => () => promisify(execFile)('/bin/echo', ['hi'])),
    short('execa', async () => (await loadPeer<ExecaModule>('execa')).execa.bind(null, '/bin/echo', ['hi']), 'execa'),
    short(
      'zx',
      async () => {
        const { $ } = await loadPeer<ZxModule>('zx');
        return () => $`/bin/echo hi`.quiet();
      },
      'zx',
    ),
    short('nano-spawn', async () => (await loadPeer<NanoSpawnModule>('nano-spawn')).default.bind(null, '/bin/echo', ['hi']), 'nano-spawn'),
    short('tinyexec', async () => (await loadPeer<TinyexecModule>('tinyexec')).x.bind(null, '/bin/echo', ['hi']), 'tinyexec'),
    python('CPython asyncio', 'many asyncio'),
    python('CPython run in threads', 'many threads'),
    {
      name: 'xargs -P8',
      isFloor: true,
      run: ({ count }) =>
        onceOnly(() => once(spawn('sh', ['-c', `seq ${count(COMMANDS)} | xargs -P8 -n1 /bin/echo hi >/dev/null`]), 'close')).then(
          (one) => ({ ...one, operations: count(COMMANDS) }),
        ),
    },
  ],
};

/** How long one start keeps the event loop, in a process of this size. (zx and nano-spawn start in a later turn, by Node's `spawn` too.) */
async function startLatency(megabytes: number, times: number, start: () => Promise<unknown>): Promise<Measured> {
  const memory = Array.from({ length: Math.ceil(megabytes / 64) }, () => Buffer.alloc(64 << 20, 1));
  const ended: Promise<unknown>[] = [];
  const measured = await middle(() => void ended.push(start()), times);
  await Promise.all(ended);
  return memory.length < 0 ? { ...measured, bytes: 0 } : measured;
}

const latency = (megabytes: number): Line => ({
  name: `the event loop stands still at a start, with ${megabytes} MB`,
  unit: 'ms',
  aim: { value: 0.5 },
  contenders: [
    { name: 'manycore Popen', run: ({ count }) => startLatency(megabytes, count(40), () => new Popen(['/bin/true']).wait()) },
    {
      name: 'child_process spawn',
      run: ({ count }) => startLatency(megabytes, count(40), () => once(spawn('/bin/true', { stdio: 'ignore' }), 'exit')),
    },
    {
      name: 'execa',
      peer: 'execa',
      run: async ({ count }) => {
        const { execa } = await loadPeer<ExecaModule>('execa');
        return startLatency(megabytes, count(40), () => Promise.resolve(execa('/bin/true', [])));
      },
    },
    {
      name: 'tinyexec',
      peer: 'tinyexec',
      run: async ({ count }) => {
        const { x } = await loadPeer<TinyexecModule>('tinyexec');
        return startLatency(megabytes, count(40), () => Promise.resolve(x('/bin/true', [])));
      },
    },
    python('CPython Popen', `latency ${megabytes}`),
  ],
});

const GIGABYTE = 1e9;
const stages: Line = {
  name: 'three stages, 1 GB',
  unit: 'ms',
  aim: { times: 0.95, of: 'sh' },
  contenders: [
    {
      name: 'manycore pipeline',
      run: ({ count }) => onceOnly(() => pipeline(['head', '-c', String(count(GIGABYTE)), '/dev/zero'], ['cat'], ['wc', '-c']).run()),
    },
    {
      name: 'sh',
      run: ({ count }) => onceOnly(() => promisify(execFile)('sh', ['-c', `head -c ${count(GIGABYTE)} /dev/zero | cat | wc -c`])),
    },
    {
      name: 'child_process, stream.pipe',
      run: ({ count }) =>
        onceOnly(() => {
          const head = spawn('head', ['-c', String(count(GIGABYTE)), '/dev/zero'], { stdio: ['ignore', 'pipe', 'inherit'] });
          const cat = spawn('cat', { stdio: ['pipe', 'pipe', 'inherit'] });
          const wc = spawn('wc', ['-c'], { stdio: ['pipe', 'ignore', 'inherit'] });
          head.stdout.pipe(cat.stdin);
          cat.stdout.pipe(wc.stdin);
          return once(wc, 'close');
        }),
    },
    {
      name: 'execa pipe',
      peer: 'execa',
      run: async ({ count }) => {
        const { execa } = await loadPeer<ExecaModule>('execa');
        return onceOnly(() =>
          execa('head', ['-c', String(count(GIGABYTE)), '/dev/zero'], { buffer: false })
            .pipe('cat', [], { buffer: false })
            .pipe('wc', ['-c']),
        );
      },
    },
    {
      name: 'zx pipe',
      peer: 'zx',
      run: async ({ count }) => {
        const { $ } = await loadPeer<ZxModule>('zx');
        const [head, cat, wc] = [$`head -c ${count(GIGABYTE)} /dev/zero`.quiet(), $`cat`.quiet(), $`wc -c`.quiet()];
        return onceOnly(() => head.pipe(cat).pipe(wc));
      },
    },
    {
      name: 'nano-spawn pipe',
      peer: 'nano-spawn',
      run: async ({ count }) => {
        const { default: spawn } = await loadPeer<NanoSpawnModule>('nano-spawn');
        return onceOnly(() =>
          spawn('head', ['-c', String(count(GIGABYTE)), '/dev/zero'])
            .pipe('cat', [])
            .pipe('wc', ['-c']),
        );
      },
    },
    {
      name: 'tinyexec pipe',
      peer: 'tinyexec',
      run: async ({ count }) => {
        const { x } = await loadPeer<TinyexecModule>('tinyexec');
        return onceOnly(() =>
          x('head', ['-c', String(count(GIGABYTE)), '/dev/zero'])
            .pipe('cat', [])
            .pipe('wc', ['-c']),
        );
      },
    },
    python('CPython Popen chain', 'stages'),
  ],
};

const HALF = 500_000_000;
const communicate: Line = {
  name: 'communicate, 500 MB there and back',
  unit: 'ms',
  aim: { times: 3, of: 'execa' },
  contenders: [
    {
      name: 'manycore communicate',
      run: ({ count }) => {
        const input = Buffer.alloc(count(HALF), 'x');
        return onceOnly(() => new Popen(['cat'], { stdin: PIPE, stdout: PIPE }).communicate(input));
      },
    },
    {
      name: 'child_process, Buffer.concat',
      run: ({ count }) => {
        const input = Buffer.alloc(count(HALF), 'x');
        return onceOnly(async () => {
          const cat = spawn('cat', { stdio: ['pipe', 'pipe', 'inherit'] });
          const chunks: Buffer[] = [];
          cat.stdout.on('data', (chunk: Buffer) => void chunks.push(chunk));
          cat.stdin.end(input);
          await once(cat, 'close');
          return Buffer.concat(chunks);
        });
      },
    },
    {
      name: 'execa',
      peer: 'execa',
      run: async ({ count }) => {
        const { execa } = await loadPeer<ExecaModule>('execa');
        const input = Buffer.alloc(count(HALF), 'x');
        return onceOnly(() => execa('cat', [], { input, encoding: 'buffer', maxBuffer: 2 ** 31 }));
      },
    },
    {
      name: 'zx (text)',
      peer: 'zx',
      run: async ({ count }) => {
        const { $ } = await loadPeer<ZxModule>('zx');
        const input = Buffer.alloc(count(HALF), 'x');
        // It joins the pieces when somebody asks for the text.
        return onceOnly(() => $({ input, quiet: true })`cat`.then((output) => (output as { readonly stdout: string }).stdout.length));
      },
    },
    {
      name: 'nano-spawn (text)',
      peer: 'nano-spawn',
      run: async ({ count }) => {
        const { default: spawn } = await loadPeer<NanoSpawnModule>('nano-spawn');
        const string = 'x'.repeat(count(HALF));
        return onceOnly(() => spawn('cat', [], { stdin: { string } }));
      },
    },
    {
      name: 'tinyexec (text)',
      peer: 'tinyexec',
      run: async ({ count }) => {
        const { x } = await loadPeer<TinyexecModule>('tinyexec');
        const stdin = 'x'.repeat(count(HALF));
        return onceOnly(() => x('cat', [], { stdin }));
      },
    },
    python('CPython communicate', 'communicate'),
    python('CPython asyncio', 'communicate asyncio'),
  ],
};

const LINES = 2_000_000;
async function readLines(lines: AsyncIterable<string>, count: number): Promise<Measured> {
  const stop = stopwatch();
  let seen = 0;
  for await (const line of lines) if (line.length > 0) seen++;
  if (seen !== count) throw new Error(`${seen} lines of ${count}`);
  return stop(count);
}

const linesOf: Line = {
  name: 'a line of output, awaited',
  unit: 'ns',
  aim: { value: 200 },
  contenders: [
    {
      name: 'manycore lines',
      run: ({ count }) => readLines(new Popen(['seq', String(count(LINES))], { stdout: PIPE }).stdout.lines(), count(LINES)),
    },
    {
      name: 'child_process, readline',
      run: ({ count }) =>
        readLines(
          createInterface({ input: spawn('seq', [String(count(LINES))], { stdio: ['ignore', 'pipe', 'inherit'] }).stdout }),
          count(LINES),
        ),
    },
    {
      name: 'execa',
      peer: 'execa',
      run: async ({ count }) => {
        const { execa } = await loadPeer<ExecaModule>('execa');
        return readLines(execa('seq', [String(count(LINES))], { buffer: false }), count(LINES));
      },
    },
    {
      name: 'zx',
      peer: 'zx',
      run: async ({ count }) => {
        const { $ } = await loadPeer<ZxModule>('zx');
        return readLines($`seq ${count(LINES)}`.quiet(), count(LINES));
      },
    },
    {
      name: 'nano-spawn',
      peer: 'nano-spawn',
      run: async ({ count }) => {
        const { default: spawn } = await loadPeer<NanoSpawnModule>('nano-spawn');
        return readLines(spawn('seq', [String(count(LINES))]), count(LINES));
      },
    },
    {
      name: 'tinyexec',
      peer: 'tinyexec',
      run: async ({ count }) => {
        const { x } = await loadPeer<TinyexecModule>('tinyexec');
        return readLines(x('seq', [String(count(LINES))]), count(LINES));
      },
    },
    python('CPython', 'lines'),
    python('CPython asyncio', 'lines asyncio'),
  ],
};

const suite: Suite = {
  name: 'subprocess',
  about: 'Programs that are started, fed and read. CPU time is that of the parent alone.',
  lines: [commands, latency(64), latency(2048), stages, communicate, linesOf],
};
export default suite;
