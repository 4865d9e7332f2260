import type { Session } from 'node:inspector';
import type { SourceMapping } from 'node:module';
import { channelOf, evaluateIn } from './evaluate.ts';

/** A place on a stack, as its author wrote it, and the script that runs, where that is another file. */
export type RawFrame = readonly [functionName: string, file: string, line: number, column: number, script: string];
/** For each thread that was asked about: its frames, innermost first, or `null` when it gave no answer in time. */
export type RawStacks = readonly (readonly RawFrame[] | null)[];

/** Runs in the thread that is asked, so it must not need anything from around it, and must leave all as it was. */
function collect(): RawFrame[] {
  const { stackTraceLimit, prepareStackTrace } = Error;
  try {
    Error.stackTraceLimit = 200;
    Error.prepareStackTrace = (_, sites) => sites;
    const sites = new Error('stack').stack as unknown as NodeJS.CallSite[];
    const { findSourceMap } = process.getBuiltinModule('module') as typeof import('node:module');
    return sites.map((site): RawFrame => {
      const type = site.isToplevel() || site.isConstructor() ? null : site.getTypeName();
      const name = site.getFunctionName() ?? '';
      const shown = type === null || type === 'Object' || name === '' || name.includes('.') ? name : `${type}.${name}`;
      const file = site.getFileName() ?? '';
      const [line, column] = [site.getLineNumber() ?? 0, site.getColumnNumber() ?? 0];
      const entry = file === '' ? undefined : (findSourceMap(file)?.findEntry(line - 1, column - 1) as Partial<SourceMapping> | undefined);
      if (entry?.originalSource === undefined) return [shown, file, line, column, file];
      return [shown, entry.originalSource, (entry.originalLine ?? 0) + 1, (entry.originalColumn ?? 0) + 1, file];
    });
  } catch {
    return [];
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  }
}

/** Gives the frames of the thread in which it is evaluated, the two innermost of which are its own. */
export const QUESTION = `(${String(collect)})()`;

/** Asks the workers of these numbers, 0 for the main thread, in a session that is connected to the main thread. */
export async function readStacks(session: Session, threads: readonly number[], timeout: number): Promise<RawStacks> {
  const found = await evaluateIn(channelOf(session), threads, QUESTION, timeout);
  // The two innermost frames are the question itself.
  return threads.map((thread) => (found.has(thread) ? ((found.get(thread) ?? []) as readonly RawFrame[]).slice(2) : null));
}
