import { bytesOf, type Word } from './command.ts';

/** What can stand in a line of the shell: a word, or a list of them. */
export type ShellValue = Word | number | bigint | readonly (Word | number | bigint)[];

/*
 * A line of the shell with values in it becomes the same line with parameters, "${1}", and the values go beside it, as arguments: the shell
 * never reads them as syntax, whatever they contain. What has to be known is in what quotes a value stands.
 *
 *   '    within single quotes: they are closed for the value, and opened again
 *   "    within double quotes: it is put there as it is
 *   $(   in a command, which is plain again
 *   ((   within $(( )), `    within backquotes, ${   within ${ }: refused
 */
type Place = 'plain' | "'" | '"' | '$(' | '((' | '`' | '${';

class Scanner {
  readonly #places: Place[] = ['plain'];
  #hasDocument = false;
  /** The last character, while nothing takes its meaning away. */
  #ending = '';

  get place(): Place {
    return this.#places.at(-1)!;
  }

  /** Why no value may stand here; `null` when one may. */
  get refusal(): string | null {
    if (this.#hasDocument) return 'after << : give what is between as `input`';
    if (this.place === '((') return 'within $(( ))';
    if (this.place === '`') return 'within backquotes: use $( )';
    if (this.place === '${') return 'within ${ }';
    if (this.#ending === '\\') return 'behind a backslash';
    if (this.#ending === '$') return 'behind a $';
    return null;
  }

  scan(text: string): void {
    this.#ending = '';
    for (let i = 0; i < text.length; i++) i = this.#step(text, i);
  }

  /** Reads the character at `i`, and those that belong to it; gives the place of the last. */
  #step(text: string, i: number): number {
    const [char, place] = [text[i]!, this.place];
    this.#ending = char;
    if (place === "'") {
      if (char === "'") this.#places.pop();
      this.#ending = '';
      return i;
    }
    if (char === '\\') {
      if (i + 1 < text.length) this.#ending = '';
      return i + 1;
    }
    if (char === '$' && (text[i + 1] === '(' || text[i + 1] === '{')) return this.#open(text, i);
    if (char === '`') this.#toggle('`');
    else if (char === '"') this.#toggle('"');
    else if (place === '${' && char === '}') this.#places.pop();
    else if (place === '((' && char === ')' && text[i + 1] === ')') {
      this.#places.pop();
      return i + 1;
    } else if (place === 'plain' || place === '$(') return this.#plain(text, i, char);
    return i;
  }

  #toggle(quote: '`' | '"'): void {
    if (this.place === quote) this.#places.pop();
    else this.#places.push(quote);
  }

  #open(text: string, i: number): number {
    this.#ending = '';
    const place = text[i + 1] === '{' ? '${' : text[i + 2] === '(' ? '((' : '$(';
    this.#places.push(place);
    return place === '((' ? i + 2 : i + 1;
  }

  #plain(text: string, i: number, char: string): number {
    if (char === "'") this.#places.push("'");
    else if (char === '(') this.#places.push('$(');
    else if (char === ')' && this.place === '$(') this.#places.pop();
    else if (char === '<' && text[i + 1] === '<') {
      if (text[i + 2] !== '<') this.#hasDocument = true;
      return i + (text[i + 2] === '<' ? 2 : 1);
    } else if (char === '#' && (i === 0 || /[\s;|&(]/.test(text[i - 1]!))) {
      const end = text.indexOf('\n', i);
      return end < 0 ? text.length : end;
    }
    return i;
  }

  end(): void {
    if (this.#places.length > 1) throw new SyntaxError(`sh: what begins with ${this.place} does not end`);
  }
}

/** A line of the shell, ready to be run. */
export interface ShellLine {
  readonly line: string;
  /** What $1, $2 and so on stand for. */
  readonly parameters: readonly Buffer[];
}

/** Linux takes no longer argument. */
const LONGEST_ARGUMENT = 128 * 1024 - 1;

export function compile(strings: TemplateStringsArray, values: readonly ShellValue[]): ShellLine {
  const scanner = new Scanner();
  const parameters: Buffer[] = [];
  let line = '';
  const parameter = (value: unknown): string => {
    if (!['string', 'number', 'bigint'].includes(typeof value) && !(value instanceof Uint8Array) && !(value instanceof URL))
      throw new TypeError(
        `sh: only text, bytes, numbers, file URLs and lists of them can stand in a line: got ${value === null ? 'null' : typeof value}`,
      );
    const bytes = bytesOf(typeof value === 'number' || typeof value === 'bigint' ? String(value) : (value as Word), 'sh: a value');
    if (bytes.length > LONGEST_ARGUMENT)
      throw new RangeError(`sh: a value has ${bytes.length} bytes, and the system takes ${LONGEST_ARGUMENT}: give it as \`input\``);
    return `\${${parameters.push(bytes)}}`;
  };
  for (const [i, raw] of strings.raw.entries()) {
    // As it is written, but for what the template itself needs.
    const text = raw.replace(/\\(\$\{|`)/g, '$1');
    scanner.scan(text);
    line += text;
    if (i === values.length) break;
    if (scanner.refusal !== null) throw new SyntaxError(`sh: a value can't stand ${scanner.refusal}`);
    const { place } = scanner;
    const value = values[i]!;
    if (Array.isArray(value)) {
      if (place === '"' || place === "'")
        throw new SyntaxError(`sh: a list can't stand within ${place === '"' ? 'double' : 'single'} quotes`);
      line += value.map((one) => `"${parameter(one)}"`).join(' ');
    } else if (place === '"') line += parameter(value);
    else line += place === "'" ? `'"${parameter(value)}"'` : `"${parameter(value)}"`;
  }
  scanner.end();
  return { line, parameters };
}

/** A word as a shell reads it back: for a line that goes to another machine. */
export function quote(word: string): string {
  if (word.includes('\0')) throw new RangeError('sh.quote: no shell can take a NUL character');
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
