import { LONG } from './patience.ts';

/** Waits for what can be seen, looking again at every turn of the event loop; fails with `what` when it does not come. */
export async function until(condition: () => boolean, what = condition.toString()): Promise<void> {
  const end = performance.now() + LONG;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
