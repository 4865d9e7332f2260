/*
 * Loaded before everything else in each thread and each process of a program that is recorded: `--import`, which workers and
 * child processes inherit.
 */
import { beginLane } from './lane.ts';
import { planOf, type Recorder } from './plan.ts';

const plan = planOf(process.env);
if (plan !== null) {
  const { recorderOf } = (await import(plan.recorder)) as { readonly recorderOf: (options: unknown) => Recorder };
  beginLane(plan.folder, recorderOf(plan.options));
}
