import { SendError, type SendErrorDetails } from '../send-error.ts';
import { FunctionText } from './function-text.ts';
import type { Binding } from './references.ts';
import { originalPlace } from './original-place.ts';
import type { CodeRecipe } from './recipe.ts';
import { Script } from './script.ts';

/** A text that was sent so often is worth a look at the whole script. */
export const SENT_OFTEN = 8;

/** The text of a function, and what it uses from outside: known once for all closures of it. */
export class FunctionCode {
  readonly text: string;
  readonly script: Script | null;
  /** Where the text begins in the script; -1 when it was not found. */
  readonly start: number;
  /** How often a function of this text was sent. */
  sent = 0;
  /** What it was last sent as: see `codeRecipe`. */
  recipe: CodeRecipe | null = null;
  readonly #name: string;
  #parts: FunctionText | null = null;
  #place: string | undefined;
  readonly #steady = new Map<string, Binding | null>();

  private constructor(fn: (...args: never[]) => unknown) {
    this.text = Function.prototype.toString.call(fn);
    this.script = Script.of(fn);
    this.start = this.script?.startOf(fn, this.text) ?? -1;
    this.#name = fn.name;
  }

  /** Parsed when it is needed: a function that has a name needs not be. Throws `SendError`. */
  get parts(): FunctionText {
    if (this.#parts !== null) return this.#parts;
    this.#parts = FunctionText.of(this.text);
    if (this.#parts === null)
      throw new SendError('E_UNPARSABLE', `the text of the function ${this.#name || '(anonymous)'} can't be parsed`);
    return this.#parts;
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
    const at = this.inScript(this.parts.free.get(name)![0]!.start);
    const binding = script.references.find((one) => one.start === at && one.name === name)?.binding ?? null;
    // Where it is declared it is only given its first value.
    return binding?.references.some(({ isWrite, start }) => isWrite && start !== binding.at) === false ? binding : null;
  }

  get url(): string {
    return this.script?.url ?? '';
  }

  /** Offset in the script of an offset in the parsed text. */
  inScript(offset: number): number {
    return this.start + offset - this.parts.shift;
  }

  /** `file:line:column` of its beginning; '' when it was not found. */
  get placeInWords(): string {
    if (this.#place === undefined) {
      const where = this.where({ start: this.parts.shift, end: this.parts.shift });
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
