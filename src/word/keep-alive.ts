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

/** Whether nothing but waits of ours keeps this thread's event loop alive: no timer, no request, no open handle. */
export function onlyOursPending(): boolean {
  const pending = process.getActiveResourcesInfo();
  return pending.length === 0 || (pending.length === 1 && pending[0] === 'Timeout' && holds > 0);
}
