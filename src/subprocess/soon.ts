/** Whether a promise is settled within so many milliseconds. No scope and no signal cuts this short: it is for cleaning up after those. */
export function settledSoon(promise: PromiseLike<unknown>, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.min(ms, 0x7fff_ffff), false);
    const settled = (): void => {
      clearTimeout(timer);
      resolve(true);
    };
    promise.then(settled, settled);
  });
}
