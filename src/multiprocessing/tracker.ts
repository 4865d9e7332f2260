import { spawn } from 'node:child_process';
import { closeSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { atExit } from '../base/at-exit.ts';
import { isMainThread } from '../host/process/where.ts';
import { makePipe } from '../system/pipes.ts';
import { SHARED_FILES } from '../system/shared-file.ts';

/*
 * Names in /dev/shm, and folders of sockets, outlive a process that is killed. So a shell stands by, and is told each name by a pipe; when the
 * pipe ends, for this process has ended, it removes those that are left, and says so of memory: a folder was nobody's to remove. It is in a session
 * of its own, so that what kills a whole group does not kill it. When it is killed itself, another one takes its place.
 *
 * A name is told with the number of its file: another file of the same name is somebody else's.
 */
const SCRIPT = `
trap '' INT TERM HUP QUIT
nl='
'
names=$nl
folders=
while IFS= read -r line; do
  name=\${line#?}
  case $line in
    +*) names=$names$name$nl ;;
    -*) case $names in *"$nl$name$nl"*) names=\${names%%"$nl$name$nl"*}$nl\${names#*"$nl$name$nl"} ;; esac ;;
    /*) folders=$folders$line$nl ;;
  esac
done
IFS=$nl
set -f
for entry in $names; do
  file=${SHARED_FILES}/\${entry#*/}
  if [ "$(stat -c %i -- "$file" 2>/dev/null)" = "\${entry%%/*}" ]; then
    rm -f -- "$file"
    echo "manycore: process $1 has ended without unlinking the shared memory \${entry#*/}: it is removed" >&2
  fi
done
for folder in $folders; do
  if [ -d "$folder" ]; then rm -rf -- "$folder"; fi
done
`;

let tracker: number | undefined;
let unlinksAtExit = false;
const tracked = new Map<string, number>();
const folders = new Set<string>();

/** Tells it one thing more; all that there is to know, when it has just begun. */
function tell(line: string): void {
  try {
    if (tracker === undefined) begin();
    else writeSync(tracker, `${line}\n`);
  } catch {
    // It was killed, or there is none: then what is left behind stays.
    replace();
  }
}

function begin(): void {
  const pipe = makePipe();
  if (typeof pipe === 'number') throw new Error(`errno ${pipe}`);
  const [read, write] = pipe;
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'manycore-tracker', String(process.pid)], {
    detached: true,
    stdio: [read, 'ignore', 'inherit'],
    cwd: '/',
  });
  child.on('error', () => {}).unref();
  child.on('exit', (_, signal) => {
    if (signal !== null && tracker === write) replace();
  });
  closeSync(read);
  // A thread that ends does not end the process: only that unlinks.
  if (!unlinksAtExit && isMainThread) atExit(unlinkAll);
  unlinksAtExit = true;
  tracker = write;
  const lines = [...[...tracked].map(([name, inode]) => `+${inode}/${name}`), ...folders];
  writeSync(tracker, lines.map((one) => `${one}\n`).join(''));
}

/** Another one, in place of one that was killed. */
function replace(): void {
  if (tracker === undefined) return;
  closeSync(tracker);
  try {
    begin();
  } catch {
    tracker = undefined;
  }
}

function unlinkAll(): void {
  for (const [name, inode] of tracked) {
    try {
      if (statSync(`${SHARED_FILES}/${name}`).ino === inode) unlinkSync(`${SHARED_FILES}/${name}`);
    } catch {
      // Somebody else has unlinked it.
    }
  }
}

/** The name is removed when this process ends, however it ends. */
export function track(name: string, inode: number): void {
  tracked.set(name, inode);
  tell(`+${inode}/${name}`);
}

export function untrack(name: string): void {
  const inode = tracked.get(name);
  if (inode === undefined) return;
  tracked.delete(name);
  tell(`-${inode}/${name}`);
}

/** The folder, by its whole path, is removed with all that is in it when this process ends, however it ends. */
export function trackFolder(path: string): void {
  // One whose name has two lines can't be told.
  if (path.includes('\n')) return;
  folders.add(path);
  tell(path);
}
