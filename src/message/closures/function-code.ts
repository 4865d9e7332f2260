import type { Node } from 'acorn';
import { SendError, type SendErrorDetails } from '../send-error.ts';
import { type Analysis, analyzeReferences, type Binding, type Reference } from './references.ts';
import { applyEdits, classEdits, type Edit, HERITAGE, namesInKeys, NO_PRIVATES, type Privates } from './class-edits.ts';
import { originalPlace } from './original-place.ts';
import type { CodeRecipe } from './recipe.ts';
import { parser, Script } from './script.ts';

/** A text that was sent so often is worth a look at the whole script. */
export const SENT_OFTEN = 8;

/** The text of a function, and what it uses from outside: known once for all closures of it. */
export class FunctionCode {
  readonly text: string;
  /** The text to compile: of a class, without what is evaluated once, when it is defined. */
  readonly compiledText: string;
  readonly edits: readonly Edit[];
  /** Whether `HERITAGE` stands in the compiled text. */
  readonly hasHeritage: boolean;
  readonly kind: 'expression' | 'method' | 'class';
  /** What a class declares as `#private`. */
  readonly privates: Privates;
  readonly isArrow: boolean;
  readonly analysis: Analysis;
  /** The free names, in order of appearance, each with its references. */
  readonly free: ReadonlyMap<string, readonly Reference[]>;
  /** Whether it assigns to a variable that it captures, or to a global. */
  readonly assigns: boolean;
  /** Names that a class needs when it is defined: in `extends`, in computed keys, in static parts. */
  readonly early: ReadonlySet<string>;
  readonly script: Script | null;
  /** Where the text begins in the script; -1 when it was not found. */
  readonly start: number;
  /** How much was put before the text to parse it. */
  readonly shift: number;
  /** How often a function of this text was sent. */
  sent = 0;
  /** What it was last sent as: see `codeRecipe`. */
  recipe: CodeRecipe | null = null;
  #place: string | undefined;
  readonly #steady = new Map<string, Binding | null>();

  private constructor(fn: (...args: never[]) => unknown) {
    this.text = Function.prototype.toString.call(fn);
    this.script = Script.of(fn);
    this.start = this.script?.startOf(fn, this.text) ?? -1;
    const parsed = parseFunction(this.text);
    if (parsed === null) throw new SendError('E_UNPARSABLE', `the text of the function ${fn.name || '(anonymous)'} can't be parsed`);
    const { tree, shift, kind } = parsed;
    this.kind = kind;
    this.shift = shift;
    this.analysis = analyzeReferences(tree);
    this.isArrow =
      kind === 'expression' && /^(async\b[^{]*?)?(\([^]*?|[\w$]+\s*)=>/.test(this.text) && !/^(async\s+)?function\b/.test(this.text);
    const { edits, privates } = kind === 'class' ? classEdits(tree, this.text, shift) : { edits: [], privates: NO_PRIVATES };
    this.privates = privates;
    this.edits = edits;
    this.hasHeritage = edits.some(({ replacement }) => replacement === HERITAGE);
    this.compiledText = applyEdits(this.text, edits, shift);
    const isEdited = ({ start, end }: Reference): boolean => edits.some((edit) => start >= edit.start && end <= edit.end);
    const free = new Map<string, Reference[]>();
    for (const reference of this.analysis.references) {
      if (reference.binding !== null || isEdited(reference)) continue;
      let list = free.get(reference.name);
      if (list === undefined) free.set(reference.name, (list = []));
      list.push(reference);
    }
    this.free = free;
    this.assigns = [...free.values()].some((references) => references.some(({ isWrite }) => isWrite));
    this.early = kind === 'class' ? namesInKeys(tree, free) : new Set();
  }

  static readonly #ofFunction = new WeakMap<(...args: never[]) => unknown, FunctionCode>();

  static of(fn: (...args: never[]) => unknown): FunctionCode {
    const known = FunctionCode.#ofFunction.get(fn);
    if (known !== undefined) return known;
    const code = FunctionCode.#ofText(fn);
    FunctionCode.#ofFunction.set(fn, code);
    return code;
  }

  static #ofText(fn: (...args: never[]) => unknown): FunctionCode {
    const script = Script.of(fn);
    if (script === null) return new FunctionCode(fn);
    const position = script.positionOf(fn);
    let code = script.codes.get(position);
    if (code?.text !== Function.prototype.toString.call(fn)) script.codes.set(position, (code = new FunctionCode(fn)));
    return code;
  }

  /**
   * The binding of a captured variable that nobody ever assigns again: once it has a value, it keeps that. `null` when that is not so, or
   * not known: the whole script is looked through for it, which only pays for a function that is sent again and again.
   */
  steady(name: string): Binding | null {
    let binding = this.#steady.get(name);
    if (binding === undefined) this.#steady.set(name, (binding = this.#steadyBinding(name)));
    return binding;
  }

  #steadyBinding(name: string): Binding | null {
    const script = this.start < 0 ? null : (this.script?.analysis() ?? null);
    if (script === null || script.directEval !== null || script.withStatement !== null) return null;
    const at = this.inScript(this.free.get(name)![0]!.start);
    const binding = script.references.find((one) => one.start === at && one.name === name)?.binding ?? null;
    // Where it is declared it is only given its first value.
    return binding?.references.some(({ isWrite, start }) => isWrite && start !== binding.at) === false ? binding : null;
  }

  get url(): string {
    return this.script?.url ?? '';
  }

  /** Offset in the script of an offset in the parsed text. */
  inScript(offset: number): number {
    return this.start + offset - this.shift;
  }

  /** `file:line:column` of its beginning; '' when it was not found. */
  get placeInWords(): string {
    if (this.#place === undefined) {
      const where = this.where({ start: this.shift, end: this.shift });
      this.#place = where === undefined ? '' : `${where.url}:${where.line}:${where.column}`;
    }
    return this.#place;
  }

  /** Where something in the function stands, for messages: in the file that was written, when a source map tells. */
  where(node: { readonly start: number; readonly end: number }): NonNullable<SendErrorDetails['where']> | undefined {
    if (this.script === null || this.start < 0) return undefined;
    return placeInFile(this.script, this.inScript(node.start), this.inScript(node.end));
  }
}

export function placeInFile(script: Script, start: number, end: number): NonNullable<SendErrorDetails['where']> {
  const { line, column } = script.place(start);
  const lineStart = start - column + 1;
  const stop = script.source.slice(lineStart).search(/[\r\n\u2028\u2029]/);
  const emitted = script.source.slice(lineStart, stop < 0 ? undefined : lineStart + stop);
  const { text = emitted, ...origin } = originalPlace(script.url, script.source, line, column) ?? { url: script.url, line, column };
  const mark = '^'.repeat(Math.max(1, Math.min(end - start, text.length - origin.column + 1)));
  const number = String(origin.line);
  const gap = ' '.repeat(number.length);
  return { ...origin, frame: `      ${number} | ${text}\n      ${gap} | ${' '.repeat(origin.column - 1)}${mark}` };
}

interface Parsed {
  readonly tree: Node;
  readonly shift: number;
  readonly kind: FunctionCode['kind'];
}

/** Ways to make a script of a function's text: as an expression, as a method; and inside a function, for what belongs to the one around it. */
const FRAMES: readonly (readonly [before: string, after: string, isMethod: boolean])[] = [
  ['(', ')', false],
  ['({', '})', true],
  ['(class {', '})', true],
  ['(function () {(', ')})', false],
];

function parseFunction(text: string): Parsed | null {
  const { parse } = parser();
  for (const [before, after, isMethod] of FRAMES) {
    const kind = isMethod ? 'method' : /^class\b/.test(text) ? 'class' : 'expression';
    // Sloppy code is tried as such when it is none of a module's.
    for (const sourceType of ['module', 'script'] as const) {
      try {
        const program = parse(before + text + after, {
          ecmaVersion: 'latest',
          sourceType,
          allowAwaitOutsideFunction: sourceType === 'module',
          allowSuperOutsideMethod: true,
          checkPrivateFields: false,
        });
        return { tree: before.startsWith('(function') ? bodyOf(program) : program, shift: before.length, kind };
      } catch {
        // Another kind of function, or of code.
      }
    }
  }
  return null;
}

/** The body of the function that was put around the text, as a program of its own. */
function bodyOf(program: Node): Node {
  const [{ expression }] = (
    program as unknown as { readonly body: [{ readonly expression: { readonly body: { readonly body: Node[] } } }] }
  ).body;
  return { ...program, body: expression.body.body } as Node;
}
