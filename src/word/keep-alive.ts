/**
 * Keeps this thread's event loop alive while something of ours is pending in it: a pending
 * `Atomics.waitAsync` does not, and the process would end with code 13 in mid-wait.
 */
let holds = 0;
let timer: NodeJS.Timeout | undefined;

export function holdLoop(): void {
  if (holds++ > 0) return;
  timer ??= setInterval(() => {}, 0x7fff_ffff);
  timer.ref();
}

export function releaseLoop(): void {
  if (--holds === 0) timer?.unref();
}

interface Handle {
  /** Set by Node for what it makes of the first three descriptors. */
  readonly _isStdio?: boolean;
  readonly fd?: number;
}

/** The streams of standard output and error, where they are pipes or terminals: they are listed as active, and keep nothing alive. */
function outputs(): number {
  const handles = (process as unknown as { _getActiveHandles?(): readonly (Handle | null)[] })._getActiveHandles?.() ?? [];
  return handles.filter((handle) => handle?._isStdio === true && handle.fd !== 0).length;
}

/** Whether nothing but waits of ours keeps this thread's event loop alive: no timer, no request, no open handle. */
export function onlyOursPending(): boolean {
  const pending = process.getActiveResourcesInfo();
  const others = pending.length - (holds > 0 && pending.includes('Timeout') ? 1 : 0);
  return others === 0 || others === outputs();
}
