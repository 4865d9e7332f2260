import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import util from 'node:util';
import v8 from 'node:v8';
import type * as Acorn from 'acorn';
import type { FunctionCode } from './function-code.ts';
import { type Analysis, analyzeReferences } from './references.ts';
import { fileBehind } from './tsx-loader.ts';

/*
 * The script that a function was written in, as V8 sees it: after tsx, type stripping or a bundler have been
 * over it, so no source file needs to be read. V8's own intrinsics tell it in a tenth of a microsecond. The flag that
 * allows them is on only while these three functions are compiled: at first, and again when V8 has thrown away what it
 * had compiled, as it does with functions that have not been called for a while.
 */
type Intrinsic<T> = (fn: unknown) => T;

interface Intrinsics {
  readonly source: Intrinsic<string>;
  readonly position: Intrinsic<number>;
  readonly scriptId: Intrinsic<number>;
}

const ATTEMPTS_MAX = 1000;

/** Runs `act` with intrinsics allowed. The flag is the whole process's: when another thread has just turned it off, it is tried again. */
function allowingIntrinsics<T>(act: () => T): T {
  for (let attempt = 1; ; attempt++) {
    v8.setFlagsFromString('--allow-natives-syntax');
    try {
      return act();
    } catch (error) {
      if (!(error instanceof SyntaxError) || attempt === ATTEMPTS_MAX) throw error;
    } finally {
      v8.setFlagsFromString('--no-allow-natives-syntax');
    }
  }
}

function intrinsic<T>(name: string): Intrinsic<T> {
  // oxlint-disable-next-line typescript/no-implied-eval, eslint/no-new-func -- there is no other way to name an intrinsic
  const call = allowingIntrinsics(() => new Function('f', `return %${name}(f)`) as Intrinsic<T>);
  return (fn) => {
    try {
      return call(fn);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return allowingIntrinsics(() => call(fn));
    }
  };
}

function findIntrinsics(): Intrinsics | null {
  try {
    const found: Intrinsics = {
      source: intrinsic('FunctionGetScriptSource'),
      position: intrinsic('FunctionGetScriptSourcePosition'),
      scriptId: intrinsic('FunctionGetScriptId'),
    };
    return found.source(findIntrinsics).length > 0 && found.position(findIntrinsics) > 0 && found.scriptId(findIntrinsics) > 0
      ? found
      : null;
  } catch {
    return null;
  }
}

const intrinsics = findIntrinsics();
const require = createRequire(import.meta.url);
let acorn: typeof Acorn | undefined;

/** The parser, loaded when the first function travels. */
export function parser(): typeof Acorn {
  return (acorn ??= require('acorn') as typeof Acorn);
}

/** Whether the parser is there already: to load it takes a dozen milliseconds. */
export function hasParser(): boolean {
  return acorn !== undefined;
}

/** Where an import binding of a module comes from. */
export interface ImportBinding {
  readonly specifier: string;
  /** `*` for the namespace. */
  readonly name: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

export interface ExportName {
  readonly name: string;
  /** `null`: an expression, as in `export default () => {}`. */
  readonly local: string | null;
}

const urls = new Map<number, string>();
const scripts = new Map<number, Script>();

export class Script {
  readonly id: number;
  readonly source: string;
  /** The functions in it that have been looked at, by their places. */
  readonly codes = new Map<number, FunctionCode>();
  readonly #sample: unknown;
  #url: string | undefined;
  #program: Acorn.Program | null | undefined;
  #analysis: Analysis | null | undefined;
  #lines: number[] | undefined;
  #imports: Map<string, ImportBinding> | undefined;
  #exports: ExportName[] = [];

  private constructor(id: number, source: string, sample: unknown) {
    this.id = id;
    this.source = source;
    this.#sample = sample;
  }

  /** The script of a function that was written in one; `null` for native code. */
  static of(fn: unknown): Script | null {
    if (intrinsics === null) return null;
    const id = intrinsics.scriptId(fn);
    if (!(id > 0)) return null;
    let script = scripts.get(id);
    if (script === undefined) scripts.set(id, (script = new Script(id, intrinsics.source(fn), fn)));
    return script;
  }

  /** Where V8 says that a function stands: somewhere in its text, another place for each. */
  positionOf(fn: unknown): number {
    return intrinsics!.position(fn);
  }

  /** The place of a function's text in its script, or -1. */
  startOf(fn: unknown, text: string): number {
    const position = intrinsics!.position(fn);
    const start = this.source.lastIndexOf(text, position);
    return start >= 0 && start + text.length > position ? start : -1;
  }

  /** The file it came from, as a URL or path; '' when it has none. */
  get url(): string {
    return (this.#url ??= urlOf(this.id, this.source, this.#sample));
  }

  /** Whether it is part of Node. The workers of Node 26 don't tell its name. */
  get isNodes(): boolean {
    return this.url === '' ? /\bprimordials\b/.test(this.source) : this.url.startsWith('node:');
  }

  get isModule(): boolean {
    this.imports();
    return (this.#program?.body ?? []).some((node) => /^(Import|Export)/.test(node.type));
  }

  imports(): ReadonlyMap<string, ImportBinding> {
    if (this.#imports === undefined) this.#readHeader();
    return this.#imports!;
  }

  exports(): readonly ExportName[] {
    if (this.#imports === undefined) this.#readHeader();
    return this.#exports;
  }

  /** The script's scopes, resolved; `null` when it can't be parsed. Expensive for large scripts: only asked to decide. */
  analysis(): Analysis | null {
    if (this.#analysis === undefined) {
      const program = this.#parse();
      this.#analysis = program === null ? null : analyzeReferences(program);
    }
    return this.#analysis;
  }

  #parse(): Acorn.Program | null {
    if (this.#program !== undefined) return this.#program;
    const options = {
      ecmaVersion: 'latest',
      allowAwaitOutsideFunction: true,
      allowReturnOutsideFunction: true,
      allowHashBang: true,
    } as const;
    for (const sourceType of ['module', 'script'] as const) {
      try {
        return (this.#program = parser().parse(this.source, { ...options, sourceType }));
      } catch {
        // The other kind of script, or code that the parser does not know yet.
      }
    }
    return (this.#program = null);
  }

  #readHeader(): void {
    this.#imports = new Map();
    for (const node of this.#parse()?.body ?? []) {
      if (node.type === 'ImportDeclaration') this.#readImport(node);
      else if (node.type === 'ExportNamedDeclaration' && node.source === null) this.#readExport(node);
      else if (node.type === 'ExportDefaultDeclaration') {
        const { declaration } = node;
        this.#exports.push({
          name: 'default',
          local: 'id' in declaration && declaration.id ? declaration.id.name : declaration.type === 'Identifier' ? declaration.name : null,
        });
      }
    }
  }

  #readImport(node: Acorn.ImportDeclaration): void {
    const specifier = String(node.source.value);
    const attributes = Object.fromEntries(
      (node.attributes ?? []).map(({ key, value }) => [key.type === 'Identifier' ? key.name : String(key.value), String(value.value)]),
    );
    for (const one of node.specifiers) {
      const name =
        one.type === 'ImportDefaultSpecifier'
          ? 'default'
          : one.type === 'ImportNamespaceSpecifier'
            ? '*'
            : one.imported.type === 'Identifier'
              ? one.imported.name
              : String(one.imported.value);
      this.#imports!.set(one.local.name, { specifier, name, ...(Object.keys(attributes).length > 0 ? { attributes } : {}) });
    }
  }

  #readExport({ declaration, specifiers }: Acorn.ExportNamedDeclaration): void {
    const named = (local: string, name = local): void => void this.#exports.push({ name, local });
    for (const { local, exported } of specifiers) {
      if (local.type === 'Identifier') named(local.name, exported.type === 'Identifier' ? exported.name : String(exported.value));
    }
    if (!declaration) return;
    if (declaration.type !== 'VariableDeclaration') named(declaration.id.name);
    else for (const { id } of declaration.declarations) if (id.type === 'Identifier') named(id.name);
  }

  /** Line and column, both from 1, of an offset. */
  place(offset: number): { readonly line: number; readonly column: number } {
    if (this.#lines === undefined) {
      this.#lines = [0];
      for (const { index, 0: end } of this.source.matchAll(/\r\n|[\n\r\u2028\u2029]/g)) this.#lines.push(index + end.length);
    }
    let low = 0;
    let high = this.#lines.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#lines[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - this.#lines[low]! + 1 };
  }
}

/** Remembers which files call us: the frames of a call name both script and file, from Node 22 on. */
function noteCallSites(): void {
  const sites = (util as { getCallSites?: (depth: number) => { scriptId?: string; scriptName?: string }[] }).getCallSites;
  for (const { scriptId, scriptName } of sites?.(32) ?? []) if (scriptId && scriptName) urls.set(Number(scriptId), scriptName);
}

function urlOf(id: number, source: string, sample: unknown): string {
  noteCallSites();
  const url = urlAsLoaded(id, source, sample);
  const file = fileBehind(url);
  return file === null ? url : pathToFileURL(file).href;
}

function urlAsLoaded(id: number, source: string, sample: unknown): string {
  return (
    urls.get(id) ?? urlByText(source) ?? urlByCoverage(id) ?? urlByDebugger(id) ?? urlByImports(source) ?? (sample === undefined ? '' : '')
  );
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
  return [...new Set(names)].find(
    (name): name is string => typeof name === 'string' && !name.startsWith('node:') && textOf(name) === source,
  );
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file.startsWith('file:') ? new URL(file) : file, 'utf8');
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
