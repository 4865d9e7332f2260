import { createRequire } from 'node:module';
import type { Node, Token } from 'acorn';
import { nameOf } from './function-name.ts';

/** A function of an instrumented script: what it is called, and where its text begins, line and column from 0. */
export type Instrumented = readonly [name: string, line: number, column: number, isAsync: 0 | 1];

type AnyNode = Node & { readonly [key: string]: unknown };

interface Insert {
  readonly at: number;
  readonly text: string;
  /** Of texts at one place, the lower comes first. */
  readonly order: number;
}

/** What the inserted code calls itself: nothing that a program would use. */
const RECORDER = '$manycore_recorder';
const FRAME = '$manycore_frame';

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);

const acorn = createRequire(import.meta.url)('acorn') as typeof import('acorn');

/**
 * A script in which each function tells the recorder when it begins and when it ends; functions that stop in the middle, at an
 * `await` or a `yield`, tell that too. Lines stay where they are. `null` when the script can't be parsed, and runs as it is.
 *
 * `recorder` is an expression that gives the recorder of this script, from the list of its functions.
 */
export function instrument(
  source: string,
  sourceType: 'module' | 'script',
  recorder: (functions: readonly Instrumented[]) => string,
): string | null {
  const tokens: Token[] = [];
  let tree: AnyNode;
  try {
    tree = acorn.parse(source, {
      ecmaVersion: 'latest',
      sourceType,
      locations: true,
      allowHashBang: true,
      allowAwaitOutsideFunction: sourceType === 'module',
      allowReturnOutsideFunction: sourceType === 'script',
      onToken: tokens,
    }) as unknown as AnyNode;
  } catch {
    return null;
  }
  const arrows = tokens.filter(({ type }) => type === acorn.tokTypes.arrow).map(({ end }) => end);
  const weaver = new Weaver(source, arrows);
  weaver.program(tree, sourceType);
  if (weaver.functions.length === 0) return null;
  const start = afterDirectives(tree['body'] as AnyNode[], tree.start === 0 ? hashbangEnd(source) : tree.start);
  weaver.inserts.push({ at: start, order: -1, text: `;const ${RECORDER}=${recorder(weaver.functions)};` });
  return weave(source, weaver.inserts);
}

function weave(source: string, inserts: readonly Insert[]): string {
  let text = '';
  let at = 0;
  for (const insert of inserts.toSorted((a, b) => a.at - b.at || a.order - b.order)) {
    text += source.slice(at, insert.at) + insert.text;
    at = insert.at;
  }
  return text + source.slice(at);
}

const hashbangEnd = (source: string): number => (source.startsWith('#!') ? Math.max(0, source.indexOf('\n') + 1) : 0);

/** Directives such as 'use strict' must stay first. */
function afterDirectives(body: readonly AnyNode[], start: number): number {
  let end = start;
  for (const statement of body) {
    if (statement['directive'] === undefined) break;
    end = statement.end;
  }
  return end;
}

/** What the code being walked belongs to: a function, or the script itself. */
interface Owner {
  /** Whether it may stop in the middle. */
  readonly stops: boolean;
}

class Weaver {
  readonly functions: Instrumented[] = [];
  readonly inserts: Insert[] = [];
  readonly #source: string;
  readonly #arrows: readonly number[];

  constructor(source: string, arrows: readonly number[]) {
    this.#source = source;
    this.#arrows = arrows;
  }

  /** The code of a module runs as a function does; that of a script may return from anywhere, and is not followed. */
  program(tree: AnyNode, sourceType: 'module' | 'script'): void {
    const isModule = sourceType === 'module';
    const number = isModule ? this.functions.push(['<module>', 0, 0, 0]) - 1 : -1;
    this.#children(tree, { stops: isModule });
    if (!isModule) return;
    this.#insert(afterDirectives(tree['body'] as AnyNode[], hashbangEnd(this.#source)), this.#enter(number, true));
    this.#insert(this.#source.length, `\n;${RECORDER}.endStopping(${FRAME});`, 9);
  }

  #insert(at: number, text: string, order = 0): void {
    this.inserts.push({ at, text, order });
  }

  #enter(number: number, stops: boolean): string {
    return stops ? `;const ${FRAME}=${RECORDER}.beginStopping(${number});` : `;const ${FRAME}=${RECORDER}.begin(${number});`;
  }

  #walk(node: AnyNode, parent: AnyNode, owner: Owner): void {
    if (FUNCTIONS.has(node.type)) return this.#function(node, parent);
    if (node.type === 'PropertyDefinition' || node.type === 'StaticBlock') {
      // Runs when the class or its instance is made, by whoever makes it, and can't stop.
      const inside = { stops: false };
      if (node['computed'] === true) this.#walk(node['key'] as AnyNode, node, owner);
      if (node.type === 'StaticBlock') return this.#children(node, inside);
      const value = node['value'] as AnyNode | null;
      return value === null ? undefined : this.#walk(value, node, inside);
    }
    if (owner.stops) this.#stop(node, parent);
    this.#children(node, owner);
  }

  #children(node: AnyNode, owner: Owner): void {
    for (const key of Object.keys(node)) {
      if (key === 'loc' || key === 'start' || key === 'end') continue;
      const value = node[key];
      if (Array.isArray(value)) {
        for (const one of value as (AnyNode | null)[]) if (typeof one?.type === 'string') this.#walk(one, node, owner);
      } else if (typeof (value as AnyNode | null)?.type === 'string') this.#walk(value as AnyNode, node, owner);
    }
  }

  /** Around an `await` or a `yield`: the frame leaves the stack, and comes back. No text may begin with a parenthesis: it could follow a line without a semicolon. */
  #stop(node: AnyNode, parent: AnyNode): void {
    if (node.type === 'AwaitExpression' || node.type === 'YieldExpression') {
      this.#insert(node.start, `${RECORDER}.goOn(${FRAME},`, 1);
      this.#insert(this.#wordEnd(node), ` ${RECORDER}.stopped(${FRAME},(`, -6);
      this.#insert(node.end, `${node['argument'] === null ? 'void 0' : ''})))`, -4);
      return;
    }
    // An error may have come out of an await: the frame is on the stack again from here on.
    if (node.type === 'CatchClause') this.#insert((node['body'] as AnyNode).start + 1, `${RECORDER}.goOn(${FRAME});`);
    if (node.type === 'TryStatement' && node['finalizer'] !== null)
      this.#insert((node['finalizer'] as AnyNode).start + 1, `${RECORDER}.goOn(${FRAME});`);
    if (node.type === 'ForOfStatement' && node['await'] === true) this.#loop(node, parent);
  }

  #wordEnd(node: AnyNode): number {
    if (node.type === 'AwaitExpression') return node.start + 'await'.length;
    const end = node.start + 'yield'.length;
    return node['delegate'] === true ? this.#source.indexOf('*', end) + 1 : end;
  }

  /** A loop over an async iterable waits where no text stands: between its rounds. */
  #loop(node: AnyNode, parent: AnyNode): void {
    const body = node['body'] as AnyNode;
    if (body.type === 'BlockStatement') this.#insert(body.start + 1, `${RECORDER}.goOn(${FRAME});`);
    if (parent.type === 'BlockStatement' || parent.type === 'Program') this.#insert(node.end, `;${RECORDER}.goOn(${FRAME});`);
  }

  #function(node: AnyNode, parent: AnyNode): void {
    const isAsync = node['async'] === true;
    const stops = isAsync || node['generator'] === true;
    const { line, column } = node.loc!.start;
    const number = this.functions.push([nameOf(node as never, parent as never), line - 1, column, isAsync ? 1 : 0]) - 1;
    const owner = { stops };
    for (const parameter of node['params'] as AnyNode[]) this.#walk(parameter, node, { stops: false });
    const body = node['body'] as AnyNode;
    const end = `}finally{${RECORDER}.${stops ? 'endStopping' : 'end'}(${FRAME})}`;
    if (body.type === 'BlockStatement') {
      const start = afterDirectives(body['body'] as AnyNode[], body.start + 1);
      this.#insert(start, `${this.#enter(number, stops)}try{`, -5);
      this.#insert(body.end - 1, end, 5);
      this.#children(body, owner);
      return;
    }
    // An expression, perhaps in parentheses that belong to no node: from the arrow to the end of the function.
    const arrow = this.#arrows.findLast((one) => one <= body.start)!;
    this.#insert(arrow, `{${this.#enter(number, stops)}try{return(`, -5);
    this.#insert(node.end, `)${end}}`, -3);
    this.#walk(body, node, owner);
  }
}
