export { SystemExit } from './exit.ts';
export { activeChildren, Process, type ProcessOptions } from './process.ts';
