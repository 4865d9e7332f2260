import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import util from 'node:util';
import { fileBehind } from './tsx-loader.ts';

/*
 * The file that a script came from. V8's intrinsics don't tell it.
 */
const require = createRequire(import.meta.url);
const urls = new Map<number, string>();

/** The file of a script that is on the stack, or has been met, as a URL or path; `undefined` when it is another one. */
export function urlAtHand(id: number, source: string): string | undefined {
  noteCallSites();
  return inFile(urls.get(id) ?? urlByText(source));
}

/** The file of any script; '' when it has none. It takes milliseconds. */
export function searchedUrl(id: number, source: string): string {
  return inFile(urlByCoverage(id)) ?? inFile(urlByDebugger(id)) ?? urlByImports(source) ?? '';
}

function inFile(url: string | undefined): string | undefined {
  const file = url === undefined ? null : fileBehind(url);
  return file === null ? url : pathToFileURL(file).href;
}

/** Remembers which files call us: the frames of a call name both script and file, from Node 22 on. */
function noteCallSites(): void {
  const sites = (util as { getCallSites?: (depth: number) => { scriptId?: string; scriptName?: string }[] }).getCallSites;
  for (const { scriptId, scriptName } of sites?.(32) ?? []) if (scriptId && scriptName) urls.set(Number(scriptId), scriptName);
}

/** Node 20: a file on the stack whose text is the script's. */
function urlByText(source: string): string | undefined {
  const { stackTraceLimit, prepareStackTrace } = Error;
  Error.stackTraceLimit = 32;
  Error.prepareStackTrace = (_, sites) => sites.map((site) => site.getScriptNameOrSourceURL());
  const holder: { stack?: unknown } = {};
  Error.captureStackTrace(holder, urlByText);
  const names = holder.stack as (string | null)[];
  Error.stackTraceLimit = stackTraceLimit;
  Error.prepareStackTrace = prepareStackTrace;
  const bytes = Buffer.byteLength(source);
  return [...new Set(names)].find(
    (name): name is string => typeof name === 'string' && !name.startsWith('node:') && sizeOf(name) === bytes && textOf(name) === source,
  );
}

const asFile = (name: string): string | URL => (name.startsWith('file:') ? new URL(name) : name);
const sizeOf = (name: string): number | undefined => statSync(asFile(name), { throwIfNoEntry: false })?.size;

function textOf(file: string): string | undefined {
  try {
    return readFileSync(asFile(file), 'utf8');
  } catch {
    return undefined;
  }
}

const IMPORTED = /\bfrom\s*["']([./][^"']+|file:[^"']+)["']|\bimport\s*["']([./][^"']+)["']/g;
const FILES_MAX = 500;

/** Without the inspector: a file with this text, among those that the program's files import by relative names. */
function urlByImports(source: string): string | undefined {
  const queue = process.argv[1] === undefined ? [] : [pathToFileURL(process.argv[1]).href];
  const seen = new Set(queue);
  for (const url of queue) {
    if (seen.size > FILES_MAX) break;
    const text = textOf(url);
    if (text === source) return url;
    for (const [, from, bare] of text?.matchAll(IMPORTED) ?? []) {
      const next = new URL(from ?? bare!, url).href;
      if (!seen.has(next)) queue.push(next);
      seen.add(next);
    }
  }
  return undefined;
}

/** The profiler's list of the scripts whose functions have run: a few milliseconds, and nothing is switched on for it. */
function urlByCoverage(id: number): string | undefined {
  const { Session } = require('node:inspector') as typeof import('node:inspector');
  const session = new Session();
  try {
    session.connect();
    session.post('Profiler.getBestEffortCoverage', (error, answer) => {
      if (error !== null) return;
      for (const { scriptId, url } of answer.result) if (url !== '') urls.set(Number(scriptId), url);
    });
  } catch {
    return undefined;
  } finally {
    session.disconnect();
  }
  return urls.get(id);
}

/** The debugger's list of all scripts: switched on and off again, some ten milliseconds. */
function urlByDebugger(id: number): string | undefined {
  const { Session } = require('node:inspector') as typeof import('node:inspector');
  const session = new Session();
  try {
    session.connect();
    session.on('Debugger.scriptParsed', ({ params }) => {
      if (params.url !== '') urls.set(Number(params.scriptId), params.url);
    });
    session.post('Debugger.enable');
    session.post('Debugger.disable');
  } catch {
    // No inspector here.
  } finally {
    session.disconnect();
  }
  return urls.get(id);
}
