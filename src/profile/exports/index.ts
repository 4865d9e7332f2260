export { collapsed } from './collapsed.ts';
export { flameDiff, flameGraph } from './flame.ts';
export { pprof } from './pprof.ts';
export { speedscope } from './speedscope.ts';
