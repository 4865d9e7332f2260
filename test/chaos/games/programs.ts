import { rmSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DEVNULL,
  MaxBufferExceeded,
  PIPE,
  pipeline,
  Popen,
  ProcessStartError,
  run,
  TimeoutExpired,
} from '../../../src/subprocess/index.ts';
import { type Game, pause, told } from '../arena.ts';

/*
 * Programs that are read slowly, killed, timed out, aborted, that leave before they have read all, and that fill a disk. What holds: their
 * output is whole, or they say how they ended; none of their descendants is left.
 */
export const programs: Game = async ({ random, moves, folder, smallDisk, fault, did, must }) => {
  const fails = async (promise: Promise<unknown>, what: string, right: (error: unknown) => boolean): Promise<void> => {
    const error: unknown = await promise.then(
      () => null,
      (reason: unknown) => reason,
    );
    must(right(error), `a program that is ${what}: ${error === null ? 'no error' : told(error)}`);
    did(`programs: ${what}`);
  };
  const TREE = ['sh', '-c', 'sleep 1000 & sleep 1000 & sleep 1000'];

  const acts: (() => Promise<void>)[] = [
    async () => {
      const { stdout } = await pipeline(['seq', '20000'], ['grep', '7'], ['wc', '-l'], { text: true }).run();
      must(stdout.trim() === '6878', `three programs in a row gave ${stdout.trim()}`);
      did('programs: three in a row');
    },
    async () => {
      await using seq = new Popen(['seq', '5000'], { stdout: PIPE });
      let n = 0;
      for await (const line of seq.stdout.lines()) {
        if (Number(line) !== ++n) must(false, `line ${n} is ${line}`);
        if (n % 1000 === 0) await pause(random.below(10));
      }
      must(n === 5000 && (await seq.wait()) === 0, `a slow reader has read ${n} lines`);
      fault('a slow reader of a program');
      did('programs: read slowly');
    },
    async () => {
      const bytes = Buffer.alloc(1 << 20, random.below(256));
      await using cat = new Popen(['cat'], { stdin: PIPE, stdout: PIPE });
      const both = cat.communicate(bytes);
      const kill = random.oneIn(2);
      if (kill) {
        await pause(random.below(4));
        cat.kill();
        fault('a program killed while it is fed');
      }
      const { stdout } = await both;
      const code = await cat.wait();
      must(code === 0 || (kill && code === -9), `cat ended with ${code}`);
      must(bytes.subarray(0, stdout.length).equals(stdout), 'cat gave other bytes');
      must(code !== 0 || stdout.length === bytes.length, `cat gave ${stdout.length} of ${bytes.length} bytes`);
      did('programs: fed a megabyte');
    },
    async () => {
      fault('a tree of programs timed out');
      await fails(run(TREE, { timeout: 10 + random.below(40), stdout: DEVNULL }), 'timed out', (error) => error instanceof TimeoutExpired);
    },
    async () => {
      const controller = new AbortController();
      const running = run(TREE, { signal: controller.signal, captureOutput: true });
      setTimeout(() => controller.abort(new RangeError('aborted')), random.below(30));
      fault('a tree of programs aborted');
      await fails(
        running,
        'aborted',
        (error) => error instanceof RangeError || (error instanceof Error && error.cause instanceof RangeError),
      );
    },
    async () => {
      await using tree = new Popen(TREE, { stdout: DEVNULL });
      await pause(random.below(20));
      tree.killTree();
      fault('a tree of programs killed');
      must((await tree.wait()) === -9, `a killed tree ended with ${tree.returnCode}`);
      did('programs: killed with their descendants');
    },
    async () => {
      const { stdout, returnCode } = await run(['head', '-c', '10'], { input: Buffer.alloc(1 << 20, 'x'), stdout: PIPE, text: true });
      fault('a program that leaves before it has read all');
      must(stdout === 'xxxxxxxxxx' && returnCode === 0, `head gave ${stdout} and ended with ${returnCode}`);
      did('programs: left early');
    },
    async () => {
      fault('a program that prints too much');
      await fails(run(['yes'], { maxBuffer: 1000, stdout: PIPE }), 'too loud', (error) => error instanceof MaxBufferExceeded);
    },
    async () => {
      fault('a program that does not exist');
      await fails(run([join(folder, 'missing')]), 'missing', (error) => error instanceof ProcessStartError && error.code === 'ENOENT');
    },
    async () => {
      if (smallDisk === null) return;
      const file = join(smallDisk, `of-a-program-${random.below(1e6)}`);
      fault('a program that fills a disk');
      const { returnCode, stderr } = await run(['seq', '1000000'], { stdout: { file }, stderr: PIPE, text: true });
      must(returnCode !== 0 && /space/i.test(stderr), `seq on a full disk ended with ${returnCode}, and told ${JSON.stringify(stderr)}`);
      const written = readFileSync(file, 'utf8').split('\n').slice(0, -1);
      must(
        written.every((line, i) => Number(line) === i + 1),
        'a full disk has other lines',
      );
      rmSync(file);
      did('programs: on a full disk');
    },
  ];
  for (let move = 0; move < moves; move++) await random.pick(acts)();
};
