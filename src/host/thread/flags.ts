import { nodeFlags } from '../../base/node-flags.ts';

/** What Node refuses of a program that comes as a file, as a worker's does. */
const FOR_TEXT_ONLY = /^--(input-type|experimental-default-type)(=|$)/;

/** What workers refuse to be given by name, for it holds for the whole process anyway: V8's flags, `--title`. */
let refused: ReadonlySet<string> = new Set();

/** Why there can be no workers in this process, as an error to throw; `null` where there can. */
export const noWorkers: { reason: (() => Error) | null } = { reason: null };

/**
 * Makes a worker that has the flags of this process. Unless one of them has to be left out, none is named: a worker then has all of
 * them, and those that it would refuse by name do no harm.
 */
export function withFlags<T>(make: (flags: { execArgv?: string[] }) => T): T {
  if (noWorkers.reason !== null) throw noWorkers.reason();
  const given = nodeFlags().flags;
  const all = given.filter((flag) => !FOR_TEXT_ONLY.test(flag));
  if (all.length === given.length) return make({});
  const named = (): string[] => all.filter((flag) => !refused.has(flag));
  try {
    return make({ execArgv: named() });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_WORKER_INVALID_EXEC_ARGV' || refused.size > 0) throw error;
    refused = new Set(message.slice(message.lastIndexOf(': ') + 2).split(', '));
    return make({ execArgv: named() });
  }
}
