import { errno, foreign } from './library.ts';

/** As whom a program runs. What is left out stays as it is. */
export interface Credentials {
  readonly user: number | null;
  readonly group: number | null;
  readonly extraGroups: readonly number[] | null;
}

const numbers = {
  x64: { setresuid: 117, setresgid: 119, setgroups: 116, getgroups: 115, prctl: 157 },
  arm64: { setresuid: 147, setresgid: 149, setgroups: 159, getgroups: 158, prctl: 167 },
}[process.arch as 'x64' | 'arm64'];
const KEEP = 0xffff_ffff;
const PR_GET_PDEATHSIG = 2;
const PR_SET_PDEATHSIG = 1;
const PR_SET_DUMPABLE = 4;

/**
 * Runs `spawn` with other credentials, and gives its result, or an errno. The kernel keeps them for each thread, and only the C library
 * makes all threads follow: by the bare system calls this thread alone changes, and what it starts meanwhile. The saved
 * user stays, so that there is a way back; the child loses it when its program is executed.
 */
export function credentialsFor(wanted: Credentials | null, spawn: () => number): number {
  if (wanted === null) return spawn();
  const call = foreign('long syscall(long n, ulong a, ulong b, ulong c)');
  const groupsCall = foreign('long syscall(long n, ulong count, void *list, ulong zero)');
  const [user, group] = [process.geteuid!(), process.getegid!()];
  const [realUser, realGroup] = [process.getuid!(), process.getgid!()];
  const before = readGroups();
  // The kernel forgets it when the user changes.
  const deathSignal = Buffer.alloc(8);
  groupsCall(numbers.prctl, PR_GET_PDEATHSIG, deathSignal, 0);
  const undo: (() => void)[] = [];
  const attempt = (result: number, back: () => void): boolean => {
    if (result !== 0) return false;
    undo.unshift(back);
    return true;
  };
  try {
    const { extraGroups } = wanted;
    if (
      extraGroups !== null &&
      !attempt(groupsCall(numbers.setgroups, extraGroups.length, listOf(extraGroups), 0), () =>
        groupsCall(numbers.setgroups, before.length, listOf(before), 0),
      )
    )
      return errno();
    if (
      wanted.group !== null &&
      !attempt(call(numbers.setresgid, wanted.group, wanted.group, KEEP), () => call(numbers.setresgid, realGroup, group, KEEP))
    )
      return errno();
    if (
      wanted.user !== null &&
      !attempt(call(numbers.setresuid, wanted.user, wanted.user, KEEP), () => call(numbers.setresuid, realUser, user, KEEP))
    )
      return errno();
    return spawn();
  } finally {
    for (const back of undo) back();
    if (undo.length > 0) {
      call(numbers.prctl, PR_SET_DUMPABLE, 1, 0);
      call(numbers.prctl, PR_SET_PDEATHSIG, deathSignal.readInt32LE(0), 0);
    }
  }
}

const listOf = (groups: readonly number[]): Buffer => {
  const list = Buffer.alloc(Math.max(8, groups.length * 4));
  groups.forEach((group, i) => list.writeUInt32LE(group, i * 4));
  return list;
};

function readGroups(): number[] {
  const list = Buffer.alloc(65_536 * 4);
  const count = foreign('long syscall(long n, ulong count, void *list, ulong zero)')(numbers.getgroups, 65_536, list, 0);
  return Array.from({ length: Math.max(0, count) }, (_, i) => list.readUInt32LE(i * 4));
}
