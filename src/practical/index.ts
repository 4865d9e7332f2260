export { differences } from './differences.ts';
export { catalogue, type Program } from './catalogue.ts';
export type { Expectation } from './expectation.ts';

/** The folder of the programs, compiled. */
export const folder: string = new URL('.', import.meta.url).href;
