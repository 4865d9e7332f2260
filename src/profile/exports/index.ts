export { collapsed } from './collapsed.ts';
export { flameDiff, flameGraph, type FlameOptions } from './flame.ts';
export { pprof } from './pprof.ts';
export { speedscope } from './speedscope.ts';
