/*
 * Loaded before everything else in each thread and each process of a program that is recorded: `--import`, which workers and
 * child processes inherit.
 */
import { beginLane } from './lane.ts';
import { planOf } from './plan.ts';

const plan = planOf(process.env);
if (plan !== null) beginLane(plan);
