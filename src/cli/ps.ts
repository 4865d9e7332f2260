import { formatTasks, formatTaskTree } from '../asyncio/call-graph.ts';
import type { TaskDescription } from '../asyncio/describe.ts';
import { attach } from '../host/attach/attach.ts';
import { ProcessView } from '../profile/live/process-view.ts';
import { numberOfProcess, sayingWhyNot } from './attaching.ts';
import { headline } from './dump.ts';
import { parse } from './usage-error.ts';

const PATIENCE_MS = 3000;
const TASKS = `globalThis[Symbol.for('manycore.asyncio')]?.() ?? null`;

/** Prints the tasks of a running process, one a line. */
export const ps = (args: string[]): number | Promise<number> => tasksOf('ps', args, formatTasks);

/** Prints the tasks of a running process as a tree: below each, those that it waits for. */
export const pstree = (args: string[]): number | Promise<number> => tasksOf('pstree', args, formatTaskTree);

function tasksOf(command: string, args: string[], format: (tasks: readonly TaskDescription[]) => string): number | Promise<number> {
  const pid = numberOfProcess(command, parse({ args, allowPositionals: true }).positionals);
  return sayingWhyNot(async () => {
    await using attached = await attach(pid);
    const view = new ProcessView(attached, PATIENCE_MS);
    const description = await view.describe();
    await view.inTime(view.threads.findWorkers());
    const threads = await Promise.all(
      view.threads.numbers.map(async (number) => ({
        name: view.nameOf(number, description),
        tasks: (await view.inTime(view.threads.evaluate(number, TASKS))) as readonly TaskDescription[] | null | undefined,
      })),
    );
    await view.inTime(view.threads.close());
    console.log(headline(pid, description));
    for (const { name, tasks } of threads) {
      if (tasks === undefined) console.log(`\n${name}: it runs native code, and tells nothing`);
      else if (tasks !== null && tasks.length > 0) console.log(`\n${name}\n${format(tasks)}`);
    }
    if (threads.every(({ tasks }) => tasks === null || tasks?.length === 0)) console.log('\nno tasks of manycore/asyncio');
    return 0;
  });
}
