import { createRequire } from 'node:module';
import type * as Acorn from 'acorn';
import type { FunctionCode } from './function-code.ts';
import { type Analysis, analyzeReferences } from './references.ts';
import { isPlainlyModule, plainExports } from './plain-exports.ts';
import { searchedUrl, urlAtHand } from './url-of-script.ts';

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
  const v8 = process.getBuiltinModule('node:v8') as typeof import('node:v8');
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

let atHand: Intrinsics | null | undefined;
/** Found for the first function that is asked for: most threads send none. */
const intrinsics = (): Intrinsics | null => (atHand === undefined ? (atHand = findIntrinsics()) : atHand);
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

const scripts = new Map<number, Script>();

export class Script {
  readonly id: number;
  readonly source: string;
  /** The functions in it that have been looked at, by their places. */
  readonly codes = new Map<number, FunctionCode>();
  #url: string | undefined;
  #program: Acorn.Program | null | undefined;
  #analysis: Analysis | null | undefined;
  #lines: number[] | undefined;
  #imports: Map<string, ImportBinding> | undefined;
  #exports: ExportName[] = [];
  #plainExports: readonly ExportName[] | undefined;
  #isKnownAsPrograms: boolean | undefined;
  #isModule: boolean | undefined;

  private constructor(id: number, source: string) {
    this.id = id;
    this.source = source;
  }

  /** The script of a function that was written in one; `null` for native code. */
  static of(fn: unknown): Script | null {
    const known = intrinsics();
    if (known === null) return null;
    const id = known.scriptId(fn);
    if (!(id > 0)) return null;
    let script = scripts.get(id);
    if (script === undefined) scripts.set(id, (script = new Script(id, known.source(fn))));
    return script;
  }

  /** Where V8 says that a function stands: somewhere in its text, another place for each. */
  positionOf(fn: unknown): number {
    return intrinsics()!.position(fn);
  }

  /** The place of a function's text in its script, or -1. */
  startOf(fn: unknown, text: string): number {
    const position = intrinsics()!.position(fn);
    const start = this.source.lastIndexOf(text, position);
    return start >= 0 && start + text.length > position ? start : -1;
  }

  /** The file it came from, as a URL or path; '' when it has none. */
  get url(): string {
    this.#isKnownAsPrograms ??= this.#lookAtHand();
    return (this.#url ??= searchedUrl(this.id, this.source));
  }

  /** Whether it is part of Node. The workers of Node 26 don't tell its name. */
  get isNodes(): boolean {
    return this.url === '' ? /\bprimordials\b/.test(this.source) : this.url.startsWith('node:');
  }

  /** Whether it is known, without a search, to be the program's and not Node's. */
  get isKnownAsPrograms(): boolean {
    return (this.#isKnownAsPrograms ??= this.#lookAtHand());
  }

  #lookAtHand(): boolean {
    this.#url = urlAtHand(this.id, this.source);
    return this.#url ? !this.#url.startsWith('node:') : this.plainExports().length > 0;
  }

  /** Some of what it exports: what can be told without the parser. */
  plainExports(): readonly ExportName[] {
    return (this.#plainExports ??= plainExports(this.source));
  }

  get isModule(): boolean {
    return (this.#isModule ??=
      isPlainlyModule(this.source) ?? this.#parse()?.body.some((node) => /^(Import|Export)/.test(node.type)) ?? false);
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
