import type { Node } from 'acorn';
import { type Analysis, analyzeReferences, type Reference } from './references.ts';
import { applyEdits, classEdits, type Edit, HERITAGE, namesInKeys, NO_PRIVATES, type Privates } from './class-edits.ts';
import { parser } from './script.ts';

/** What there is to know of the text of a function alone, whatever is around it. */
export class FunctionText {
  readonly kind: 'expression' | 'method' | 'class';
  /** How much was put before the text to parse it. */
  readonly shift: number;
  readonly analysis: Analysis;
  readonly isArrow: boolean;
  /** What a class declares as `#private`. */
  readonly privates: Privates;
  readonly edits: readonly Edit[];
  /** Whether `HERITAGE` stands in the compiled text. */
  readonly hasHeritage: boolean;
  /** The text to compile: of a class, without what is evaluated once, when it is defined. */
  readonly compiledText: string;
  /** The free names, in order of appearance, each with its references. */
  readonly free: ReadonlyMap<string, readonly Reference[]>;
  /** Whether it assigns to a variable that it captures, or to a global. */
  readonly assigns: boolean;
  /** Names that a class needs when it is defined: in `extends`, in computed keys, in static parts. */
  readonly early: ReadonlySet<string>;

  private constructor(text: string, { tree, shift, kind }: Parsed) {
    this.kind = kind;
    this.shift = shift;
    this.analysis = analyzeReferences(tree);
    this.isArrow = kind === 'expression' && /^(async\b[^{]*?)?(\([^]*?|[\w$]+\s*)=>/.test(text) && !/^(async\s+)?function\b/.test(text);
    const { edits, privates } = kind === 'class' ? classEdits(tree, text, shift) : { edits: [], privates: NO_PRIVATES };
    this.privates = privates;
    this.edits = edits;
    this.hasHeritage = edits.some(({ replacement }) => replacement === HERITAGE);
    this.compiledText = applyEdits(text, edits, shift);
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

  /** `null` for what the parser does not know. */
  static of(text: string): FunctionText | null {
    const parsed = parseFunction(text);
    return parsed === null ? null : new FunctionText(text, parsed);
  }
}

interface Parsed {
  readonly tree: Node;
  readonly shift: number;
  readonly kind: FunctionText['kind'];
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
