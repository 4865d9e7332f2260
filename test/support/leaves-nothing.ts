import { sharedNames, zombies } from './leftovers.ts';
import { afterEach } from './test.ts';
import { until } from './until.ts';

/** After each test of the file that calls it, nothing is left of its processes: no name in shared memory, and none that has ended and was not reaped. */
export function leavesNothing(): void {
  const before = sharedNames();
  afterEach(async () => {
    await until(() => zombies().length === 0, 'the dead are reaped');
    // Other files' tests run beside this one: what they have made goes, too.
    await until(() => sharedNames().every((name) => before.includes(name)), 'what was named in /dev/shm is gone');
  });
}
