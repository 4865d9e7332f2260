import { spawn } from 'node:child_process';
import { closeSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { isMainThread } from '../../host/process/where.ts';
import { makePipe } from '../../system/pipes.ts';
import { SHARED_FILES } from '../../system/shared-file.ts';

/*
 * Names in /dev/shm outlive a process that is killed. So a shell stands by, and is told each name by a pipe; when the pipe
 * ends, for this process has ended, it removes those that are left, and says so. It is in a session of its own, so that what kills a
 * whole group does not kill it.
 *
 * A name is told with the number of its file: another file of the same name is somebody else's.
 */
const SCRIPT = `
trap '' INT TERM HUP QUIT
nl='
'
names=$nl
while IFS= read -r line; do
  name=\${line#?}
  case $line in
    +*) names=$names$name$nl ;;
    -*) case $names in *"$nl$name$nl"*) names=\${names%%"$nl$name$nl"*}$nl\${names#*"$nl$name$nl"} ;; esac ;;
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
`;

let tracker: number | undefined;
const tracked = new Map<string, number>();

function tell(line: string): void {
  try {
    tracker ??= start();
    writeSync(tracker, `${line}\n`);
  } catch {
    // Nobody watches, then: what is not unlinked stays.
  }
}

function start(): number {
  const pipe = makePipe();
  if (typeof pipe === 'number') throw new Error(`errno ${pipe}`);
  const [read, write] = pipe;
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'manycore-tracker', String(process.pid)], {
    detached: true,
    stdio: [read, 'ignore', 'inherit'],
    cwd: '/',
  });
  child.on('error', () => {}).unref();
  closeSync(read);
  // A thread that ends does not end the process: only that unlinks.
  if (isMainThread) process.on('exit', unlinkAll);
  return write;
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
