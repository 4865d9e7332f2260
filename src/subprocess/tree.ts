import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { deferred } from '../base/deferred.ts';
import { signalNumber } from '../signal/names.ts';
import type { Environment } from './command.ts';
import type { KillOptions } from './options.ts';
import type { Child } from './plan.ts';
import { settledSoon } from './soon.ts';

/*
 * Killing a command with all its descendants. They are found by their parents; those that have lost theirs, because it ended, and
 * have left the session too, by a variable of the environment that is inherited. A process that is being found may start others
 * meanwhile: so each is stopped when it is found, until no new ones are.
 */
export const COOKIE = 'MANYCORE_TREE';
const GRACE_MS = 2000;
/** How often it is looked whether they have ended. */
const LOOK_MS = 10;
const isLinux = process.platform === 'linux';

export const newCookie = (): string => randomUUID();

/** The value of the variable: the cookie, and those that are in the environment already. */
export function withCookie({ [COOKIE]: outer }: Environment, cookie: string): string {
  return typeof outer === 'string' && outer !== '' ? `${cookie} ${outer}` : cookie;
}

/** A process: its number, and when it started, which tells it from a later one of that number. */
interface Member {
  readonly pid: number;
  readonly parent: number;
  readonly started: string;
}

function look(pid: number): Member | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    // A zombie has ended already, and has no children.
    return fields[0] === 'Z' || fields[0] === 'X' ? null : { pid, parent: Number(fields[1]), started: fields[19]! };
  } catch {
    return null;
  }
}

function hasCookie(pid: number, cookie: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(cookie);
  } catch {
    return false;
  }
}

/** The descendants of a child, as they are at this moment, without itself. */
/** The one from which its tree hangs. */
type Rooted = Pick<Child, 'pid' | 'poll' | 'signal'>;

function descendants(child: Rooted, cookie: string | null): Member[] {
  if (!isLinux) return [];
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (look(Number(name)) ?? []) : []));
  const found = new Map<number, Member>();
  const parents = new Set(child.poll() === null ? [child.pid] : []);
  for (const member of all)
    if (cookie !== null && member.pid !== process.pid && hasCookie(member.pid, cookie)) found.set(member.pid, member);
  for (const pid of found.keys()) parents.add(pid);
  for (let grew = true; grew;) {
    grew = false;
    for (const member of all) {
      if (found.has(member.pid) || !parents.has(member.parent)) continue;
      found.set(member.pid, member);
      parents.add(member.pid);
      grew = true;
    }
  }
  found.delete(child.pid);
  found.delete(process.pid);
  return [...found.values()];
}

const isAlive = ({ pid, started }: Member): boolean => look(pid)?.started === started;

function send(member: Member, signal: number): void {
  try {
    if (isAlive(member)) process.kill(member.pid, signal);
  } catch {
    // It has ended in this moment.
  }
}

/** Ends a child and its descendants at once; gives their numbers. */
export function killTree(child: Rooted, cookie: string | null): number[] {
  const stopped = new Map<string, Member>();
  if (isLinux) child.signal(signalNumber('SIGSTOP'));
  for (let grew = true; grew;) {
    grew = false;
    for (const member of descendants(child, cookie)) {
      const key = `${member.pid} ${member.started}`;
      if (stopped.has(key)) continue;
      stopped.set(key, member);
      send(member, signalNumber('SIGSTOP'));
      grew = true;
    }
  }
  const pids = [...(child.poll() === null ? [child.pid] : []), ...[...stopped.values()].map(({ pid }) => pid)];
  child.signal(signalNumber('SIGKILL'));
  for (const member of stopped.values()) send(member, signalNumber('SIGKILL'));
  return pids;
}

/** Ends at once what a child that has ended has left behind. */
export const killLeftovers = (pid: number, cookie: string): void => void killTree({ pid, poll: () => 0, signal: () => {} }, cookie);

/** Ends them gently first; resolves with the return code of the child. */
export async function endTree(
  child: Child,
  cookie: string | null,
  { signal = 'SIGTERM', grace = GRACE_MS, scope = 'tree' }: KillOptions,
): Promise<number> {
  const number = signalNumber(signal);
  const ended = deferred<number>();
  child.onExit(ended.resolve);
  const others = scope === 'tree' ? descendants(child, cookie) : [];
  if (number !== signalNumber('SIGKILL') && grace > 0) {
    child.signal(number);
    for (const member of others) send(member, number);
    const end = performance.now() + grace;
    const isOver = (): boolean => (child.poll() !== null && !others.some(isAlive)) || performance.now() >= end;
    while (!isOver()) await settledSoon(child.poll() === null ? ended.promise : new Promise(() => {}), LOOK_MS);
  }
  if (scope === 'tree') killTree(child, cookie);
  else child.signal(signalNumber('SIGKILL'));
  return ended.promise;
}
