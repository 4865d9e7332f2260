/** Python's modules, each as a namespace; and each a subpath of its own: `manycore/threading`. */
export * as asyncio from './asyncio/index.ts';
export * as futures from './futures/index.ts';
export * as logging from './logging/index.ts';
export * as multiprocessing from './multiprocessing/index.ts';
export * as profile from './profile/index.ts';
export * as queue from './queue/index.ts';
export * as sched from './sched/index.ts';
export * as signal from './signal/index.ts';
export * as slurm from './slurm/index.ts';
export * as subprocess from './subprocess/index.ts';
export * as threading from './threading/index.ts';
export * as trace from './trace/index.ts';
export { version } from './base/version.ts';
