/** What became of one input. */
export type Outcome = Done | Failure;

/** The result as JSON text; `undefined` for a function that gave nothing. */
export interface Done {
  readonly json: string | undefined;
}

/** Why there is no result. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly code?: string | undefined;
  /** `hash.ts:3:9`, the place in the user's code; empty when nobody knows. */
  readonly where: string;
  readonly stack: string;
}

export const isFailure = (outcome: Outcome): outcome is Failure => 'message' in outcome;

/** Frames of Node, of this package and of what loads TypeScript: the user looks for his own. */
const FOREIGN = /node:|\/node_modules\/|\/manycore\/build\/|\/build\/src\/(?:base|cli|futures|host|message|slurm|threading)\//;

export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: 'thrown value', message: textOf(error), where: '', stack: '' };
  const { name, stack = '', cause } = error;
  const { code } = error as { readonly code?: unknown };
  const message = cause instanceof Error ? `${error.message} (because of ${cause.name}: ${cause.message})` : error.message;
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  const own = frames.find((line) => !FOREIGN.test(line));
  const where = own === undefined ? '' : (/\(?((?:file:\/\/)?\/[^()]+:\d+:\d+)\)?$/.exec(own)?.[1] ?? '');
  return { name, message, code: typeof code === 'string' ? code : undefined, where: where.replace(/^file:\/\//, ''), stack };
}

function textOf(value: unknown): string {
  try {
    return typeof value === 'object' ? JSON.stringify(value) : String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
