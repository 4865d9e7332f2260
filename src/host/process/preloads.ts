import { kindModules } from '../../word/shareable.ts';

/*
 * Modules that children will need, as URLs: those that wait, spares and the fork server, load them before they are asked.
 */
export const preloads: Set<string> = new Set();
export const LOAD_FLAG = '--manycore-load=';

/** What to load ahead, as an argument for a process that will wait: what runs in each, and what shared things are made by. */
export function loadAhead(more: readonly string[] = []): string {
  return LOAD_FLAG + JSON.stringify([...new Set([...preloads, ...kindModules(), ...more])]);
}

/** In such a process: what it shall load. */
export function toLoad(): string[] {
  const given = process.argv.find((word) => word.startsWith(LOAD_FLAG));
  return given === undefined ? [] : (JSON.parse(given.slice(LOAD_FLAG.length)) as string[]);
}
