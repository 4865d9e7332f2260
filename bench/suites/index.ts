import type { Suite } from '../harness/suite.ts';

/** In the order in which they are run. Each is the default export of the module of its name. */
export const suites: readonly string[] = [
  'thread',
  'closure',
  'pool',
  'lock',
  'condition',
  'queue',
  'struct',
  'process',
  'subprocess',
  'asyncio',
  'profile',
  'slurm',
  'cost',
];

export async function loadSuite(name: string): Promise<Suite> {
  const { default: suite } = (await import(`./${name}.js`)) as { default: Suite };
  return suite;
}
