import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { StateError } from '../../base/errors.ts';
import { httpGet } from './inspector-socket.ts';

/*
 * How a running Node is asked to open its inspector, without a chance of harm: SIGUSR1 ends a process that does not wait for it. So the
 * system is asked first whether it does, and where the process listens before and after.
 */
const SIGUSR1_BIT = 1n << 9n;
const OPENS_WITHIN_MS = 5000;
const ANSWERS_WITHIN_MS = 1000;
const LOOK_EVERY_MS = 5;
const USUAL_PORT = 9229;

export interface OpenInspector {
  readonly webSocketUrl: string;
  /** It was opened for this, and is to be closed again. */
  readonly isOurs: boolean;
}

const refuse = (pid: number, why: string): StateError => new StateError('ERR_ATTACH', `cannot attach to process ${pid}: ${why}`);

/** Opens the inspector of a process, or finds it open. */
export async function openInspector(pid: number): Promise<OpenInspector> {
  if (!Number.isInteger(pid) || pid <= 0) throw refuse(pid, 'a process is named by a positive whole number');
  if (process.platform !== 'linux')
    throw refuse(pid, `on ${process.platform} nothing tells whether SIGUSR1 would end it; open its inspector with --inspect`);
  checkListens(pid);
  const before = portsOf(pid);
  const open = await inspectorAt(before);
  if (open !== null) return { webSocketUrl: open, isOurs: false };
  await untilPortIsFree(pid);
  process.kill(pid, 'SIGUSR1');
  for (const end = performance.now() + OPENS_WITHIN_MS; performance.now() < end; await pause()) {
    const found = await inspectorAt(portsOf(pid).filter((port) => !before.includes(port)));
    if (found !== null) return { webSocketUrl: found, isOurs: true };
  }
  throw refuse(
    pid,
    'it did not open its inspector: port 9229 may be taken by another process, or the program does something of its own at SIGUSR1',
  );
}

/** Node opens its inspector at one port, and tries once. Others who look at a process hold it as well, but not for long. */
async function untilPortIsFree(pid: number): Promise<void> {
  for (const end = performance.now() + OPENS_WITHIN_MS; performance.now() < end; await pause())
    if (!listenersSeenBy(pid).some(({ port }) => port === USUAL_PORT)) return;
}

const pause = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, LOOK_EVERY_MS));

function checkListens(pid: number): void {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch (cause) {
    throw new StateError('ERR_ATTACH', `cannot attach to process ${pid}: there is no such process`, { cause });
  }
  if (/^State:\s+[ZX]/m.test(status)) throw refuse(pid, 'it has ended');
  const own = /^Uid:\s+(\d+)/m.exec(status)?.[1];
  if (process.getuid!() !== 0 && Number(own) !== process.getuid!()) throw refuse(pid, `it belongs to another user (${own})`);
  const caught = BigInt(`0x${/^SigCgt:\s+([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
  if ((caught & SIGUSR1_BIT) === 0n)
    throw refuse(pid, `it does not wait for SIGUSR1, which would end it: it is no Node, is just starting, or runs with --disable-sigusr1`);
}

/** The ports on this machine at which a process listens. */
function portsOf(pid: number): number[] {
  const sockets = new Set<string>();
  try {
    for (const descriptor of readdirSync(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${descriptor}`))?.[1];
      if (inode !== undefined) sockets.add(inode);
    }
  } catch (cause) {
    throw new StateError('ERR_ATTACH', `cannot attach to process ${pid}: its descriptors can't be read (${(cause as Error).message})`, {
      cause,
    });
  }
  return listenersSeenBy(pid).flatMap(({ port, inode }) => (sockets.has(inode) ? [port] : []));
}

/** Everything that listens in the network of a process, whoever does. */
function listenersSeenBy(pid: number): { readonly port: number; readonly inode: string }[] {
  return ['tcp', 'tcp6'].flatMap((kind) =>
    linesOf(`/proc/${pid}/net/${kind}`).flatMap((line) => {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
      return state === '0A' ? [{ port: Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16), inode }] : [];
    }),
  );
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // It has been closed since.
  }
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'latin1').split('\n').slice(1);
  } catch {
    return [];
  }
}

async function inspectorAt(ports: readonly number[]): Promise<string | null> {
  for (const port of ports) {
    try {
      const answer = await httpGet(port, '/json/list', ANSWERS_WITHIN_MS);
      const [target] = JSON.parse(answer) as { type?: string; webSocketDebuggerUrl?: string }[];
      if (target?.type === 'node' && target.webSocketDebuggerUrl !== undefined) return target.webSocketDebuggerUrl;
    } catch {
      // Something else listens there.
    }
  }
  return null;
}
