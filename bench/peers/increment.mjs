// The task that pools of processes do in the benchmarks: for those that want it as a module of its own.
export default (n) => n + 1;
export const increment = (n) => n + 1;
