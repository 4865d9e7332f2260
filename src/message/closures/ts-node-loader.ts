import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { nodeFlags } from '../../base/node-flags.ts';

/*
 * ts-node, when it is run as a command, makes only the thread able to load TypeScript that it was started in. (As a flag of Node's,
 * `-r ts-node/register`, it is loaded everywhere.) Where a module of such a program is loaded first, it is registered with the options
 * that it has here, without checking the types again.
 */
export interface TsNode {
  /** The file of the package. */
  readonly module: string;
  readonly options: Readonly<Record<string, unknown>>;
}

interface Instance {
  readonly options: Readonly<Record<string, unknown>>;
}

const instance = (): Instance | undefined =>
  (process as unknown as Record<symbol, Instance | undefined>)[Symbol.for('ts-node.register.instance')];

let here: TsNode | null | undefined;

/** What another thread needs to load the TypeScript of this program; null when ts-node has not started it, or holds everywhere. */
export function tsNodeHere(): TsNode | null {
  if (here !== undefined) return here;
  const { tsNode } = nodeFlags();
  const options = instance()?.options;
  if (tsNode === null || options === undefined) return (here = null);
  // Functions among them are ts-node's own.
  return (here = { module: join(dirname(tsNode), 'index.js'), options: JSON.parse(JSON.stringify(options)) as TsNode['options'] });
}

export function registerTsNode({ module, options }: TsNode): void {
  here ??= { module, options };
  if (instance() !== undefined) return;
  const { register } = createRequire(import.meta.url)(module) as { readonly register: (options: object) => unknown };
  register({ ...options, transpileOnly: true });
}
