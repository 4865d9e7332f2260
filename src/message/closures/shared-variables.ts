import { SendError } from '../send-error.ts';
import { applyEdits, type Edit } from './class-edits.ts';
import type { FunctionCode } from './function-code.ts';
import type { FunctionScope } from './inspector.ts';
import type { Ref } from './recipe.ts';
import type { Reference } from './references.ts';

/*
 * A variable that several of the sent functions capture, and one of them assigns, stays one variable: each finds it in
 * the same cell, and `n` is written `n.value` in their texts.
 *
 * V8 does not tell whether two closures share a scope. At the top of a module there is only one. Inside of a function, other values
 * prove another call; the same values are taken for the same call, unless a piece of code occurs twice: then nobody can know.
 */
export interface Capture {
  readonly name: string;
  readonly code: FunctionCode;
  readonly references: readonly Reference[];
  readonly scope: FunctionScope;
  /** How many scopes lie around it. */
  readonly depth: number;
  readonly value: Ref;
  /** Has the function find the variable in a cell. */
  readonly share: (cell: Ref) => void;
}

export function shareVariables(captures: readonly Capture[], makeCell: (value: Ref) => Ref): void {
  const groups = new Map<string, Capture[]>();
  for (const capture of captures) {
    const key = `${capture.code.script?.id}:${capture.depth}:${capture.scope.type}:${capture.name}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [capture]);
    else group.push(capture);
  }
  for (const group of groups.values()) {
    if (group.length < 2 || !group.some(({ references }) => references.some(({ isWrite }) => isWrite))) continue;
    for (const part of isTop(group[0]!) ? [group] : partsOf(group)) {
      if (part.length < 2) continue;
      const cell = makeCell(part[0]!.value);
      for (const { share } of part) share(cell);
    }
  }
}

/** The scope exists once: a module's, or that of a CommonJS file. */
function isTop({ scope, depth, code: { script } }: Capture): boolean {
  return scope.type === 'Module' || (script?.url !== '' && script?.isModule === false && depth === 1);
}

function partsOf(group: readonly Capture[]): Capture[][] {
  const parts: Capture[][] = [];
  for (const capture of group) {
    const part = parts.find(([first]) => haveSameValues(first!.scope.variables, capture.scope.variables));
    if (part === undefined) parts.push([capture]);
    else if (part.some(({ code }) => code === capture.code)) throw ambiguous(capture);
    else part.push(capture);
  }
  return parts;
}

function haveSameValues(one: FunctionScope['variables'], other: FunctionScope['variables']): boolean {
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length && names.every((name) => name in other && Object.is(read(one, name), read(other, name)))
  );
}

function read(variables: FunctionScope['variables'], name: string): unknown {
  try {
    return variables[name];
  } catch {
    return haveSameValues; // Not initialised: a value that no variable has.
  }
}

function ambiguous({ name, code, references }: Capture): SendError {
  return new SendError(
    'E_SHARED_CELL',
    `several closures that assign to \`${name}\` are sent together, and it cannot be seen which of them share one variable`,
    { where: code.where(references[0]!), hint: 'send them one by one, or keep the state in an object or in an instance of a class' },
  );
}

/** The text of a function that finds these variables in cells. */
export function withCells(code: FunctionCode, names: ReadonlySet<string>): string {
  const edits: Edit[] = [...code.parts.edits];
  for (const name of names) {
    for (const { start, end, isShorthand, isWrite } of code.parts.free.get(name) ?? []) {
      const isCalled = !isWrite && /^\s*(?:\?\.\s*)?[(`]/.test(code.text.slice(end - code.parts.shift));
      const cell = isCalled ? `(0,${name}.value)` : `${name}.value`;
      edits.push({ start, end, replacement: isShorthand ? `${name}:${cell}` : cell });
    }
  }
  return applyEdits(code.text, edits, code.parts.shift);
}
