/** A place in the program, as its author wrote it: where there is a source map, in the source. */
export interface Caller {
  /** A path, or what stands for one: a URL, `[eval]`. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** '' in no function. */
  readonly functionName: string;
  /** The function that it has called, with its class: `Lock.acquireSync`; `null` when it called none. */
  readonly callee: string | null;
}

const DEPTH = 40;

/**
 * The innermost frame of the calling stack that lies in no file below `folder`, a URL, and not in Node itself; `null` when there
 * is none. Costs some microseconds.
 */
export function callerOutside(folder: string): Caller | null {
  const { stackTraceLimit, prepareStackTrace } = Error;
  let sites: readonly NodeJS.CallSite[] = [];
  try {
    Error.stackTraceLimit = DEPTH;
    Error.prepareStackTrace = (_, all) => {
      sites = all;
      return '';
    };
    void new Error().stack;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  }
  let callee: NodeJS.CallSite | null = null;
  for (const site of sites) {
    const file = site.getFileName();
    if (file === null || file === undefined || file.startsWith('node:') || toUrl(file).startsWith(folder)) {
      callee = site;
      continue;
    }
    const place = inSource(file, site.getLineNumber() ?? 1, site.getColumnNumber() ?? 1);
    return { ...place, functionName: site.getFunctionName() ?? '', callee: callee === null ? null : nameOf(callee) };
  }
  return null;
}

const toUrl = (file: string): string => (file.startsWith('/') ? `file://${encodeURI(file)}` : file);
const toPath = (url: string): string => (url.startsWith('file://') ? decodeURI(url.slice('file://'.length)) : url);

function nameOf(site: NodeJS.CallSite): string {
  const name = site.getFunctionName() ?? '<anonymous>';
  const type = site.getTypeName();
  return site.isToplevel() || type === null || name.includes('.') ? name : `${type}.${name}`;
}

function inSource(file: string, line: number, column: number): Omit<Caller, 'functionName' | 'callee'> {
  const map = process.getBuiltinModule('module').findSourceMap(file);
  const entry = map?.findEntry(line - 1, column - 1);
  if (entry === undefined || !('originalSource' in entry)) return { file: toPath(file), line, column };
  return { file: toPath(entry.originalSource), line: entry.originalLine + 1, column: entry.originalColumn + 1 };
}
