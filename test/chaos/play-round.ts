import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { usualGames } from './games/index.ts';
import { emptyTally, type Tally } from './ledger.ts';

export interface Round {
  readonly seed: number;
  readonly moves: number;
  readonly names?: readonly string[];
  /** When nothing has happened for so many milliseconds, it is taken to hang. */
  readonly limit: number;
  /** Called when something has happened. */
  readonly onMove?: () => void;
}

/** Where a process shows that it belongs to a round: every descendant inherits it. */
const MARK = 'MANYCORE_CHAOS';
const MOUNTS = 'mount -t tmpfs -o size=512k none "$1" && mount -t tmpfs -o size=8m none /dev/shm && shift && exec "$@"';

/** The words that run a command with a small disk at `disk`, and a small /dev/shm; a reason when that can't be had here. */
function withSmallDisk(disk: string): readonly string[] | string {
  if (process.platform !== 'linux') return `this is ${process.platform}`;
  for (const options of [['-m'], ['-r', '-m']]) {
    const words = ['unshare', ...options, 'sh', '-c', MOUNTS, 'sh', disk];
    if (spawnSync(words[0]!, [...words.slice(1), 'true']).status === 0) return words;
  }
  return 'this user may not mount one, not even in a namespace of its own';
}

/** The processes of the round with this mark. */
function marked(mark: string): number[] {
  const line = `\0${MARK}=${mark}\0`;
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      return `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`.includes(line) ? [Number(pid)] : [];
    } catch {
      return [];
    }
  });
}

const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim();
  } catch {
    return '(it has ended meanwhile)';
  }
};

/** Plays a round in a process of its own, and looks at what it leaves behind. */
export async function playRound({ seed, moves, names = usualGames, limit, onMove }: Round): Promise<Tally> {
  // A short name: sockets lie in it, whose names may have some hundred characters.
  const folder = mkdtempSync('/tmp/chaos-');
  const [temporary, disk, own] = ['t', 'd', 'r'].map((name) => join(folder, name)) as [string, string, string];
  for (const each of [temporary, disk, own]) mkdirSync(each);
  const mark = `${process.pid}-${folder}`;
  const small = withSmallDisk(disk);
  const script = fileURLToPath(new URL('./round.js', import.meta.url));
  const round = [process.execPath, '--enable-source-maps', script, String(seed), String(moves), own];
  const [command, ...args] = [
    ...(typeof small === 'string' ? [] : small),
    ...round,
    typeof small === 'string' ? small : disk,
    names.join(','),
  ];
  const wrong: string[] = [];
  try {
    const child = spawn(command!, args, { env: { ...process.env, [MARK]: mark, TMPDIR: temporary }, stdio: ['ignore', 'pipe', 'pipe'] });
    let over = '';
    let errors = '';
    child.stdout.on('data', (bytes: Buffer) => {
      over += bytes.toString();
      timer.refresh();
      onMove?.();
    });
    child.stderr.on('data', (bytes: Buffer) => void (errors += bytes.toString()));
    let hangs = false;
    const timer = setTimeout(() => {
      hangs = true;
      const left = names.filter((name) => !over.split(' ').includes(name));
      wrong.push(
        `it hangs: ${left.length > 0 ? left.join(', ') : 'all games are over, and the process does not end'}\n${dump(child.pid!)}\n${errors.slice(-2000)}`,
      );
      child.kill('SIGKILL');
    }, limit);
    const end = await new Promise((resolve) => void child.once('exit', (code, signal) => resolve(signal ?? code)));
    clearTimeout(timer);
    if (end !== 0 && !hangs) wrong.push(`it ended with ${String(end)}:\n${errors.slice(-4000)}`);
    if (!hangs) for (const pid of await survivors(mark)) wrong.push(`a process is left: ${pid} ${commandOf(pid)}`);
    for (const pid of marked(mark)) process.kill(pid, 'SIGKILL');
    // A process that is killed can't take its folder of sockets with it: the next one that makes such a folder does.
    const left = readdirSync(temporary).filter((name) => !/^manycore-\d+-\d+-/.test(name));
    if (!hangs && left.length > 0) wrong.push(`files are left in the temporary folder: ${left.join(', ')}`);
    const file = join(own, 'tally.json');
    const tally = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Tally) : emptyTally();
    tally.wrong.push(...wrong);
    return tally;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What has not ended some time after the round has: a process that was told to end needs a moment. */
async function survivors(mark: string): Promise<number[]> {
  for (let i = 0; i < 300 && marked(mark).length > 0; i++) await new Promise((resolve) => setTimeout(resolve, 100));
  return marked(mark);
}

/** What the threads of a process that hangs are doing. */
function dump(pid: number): string {
  const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
  return spawnSync(process.execPath, [main, 'dump', String(pid)], { encoding: 'utf8', timeout: 30_000 }).stdout;
}
