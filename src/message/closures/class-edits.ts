import type { Node } from 'acorn';
import type { Reference } from './references.ts';

/*
 * What is changed in the text of a class that is defined again elsewhere. Its lines stay where they are.
 *
 *   extends EXPRESSION     the class that it gave, by the name $heritage
 *   [computed names]       the name, without what else is evaluated there
 *   static fields, blocks  nothing: their values are sent
 *   #private members       an instance is given its fields without running a constructor: see rebuild.ts
 */
export const HERITAGE = '$heritage';
/** The name by which a class's text finds `rebuild`. */
export const REBUILD = '$rebuild';

export interface Privates {
  /** The names of fields, with their `#`. */
  readonly fields: readonly string[];
  readonly statics: readonly string[];
  /** An instance needs the class's mark: it has private fields, methods or accessors. */
  readonly markInstances: boolean;
}

export const NO_PRIVATES: Privates = { fields: [], statics: [], markInstances: false };

export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

type AnyNode = Node & { readonly [key: string]: unknown };

const definitionOf = (tree: Node): AnyNode => ((tree as AnyNode)['body'] as AnyNode[])[0]!['expression'] as AnyNode;
const membersOf = (tree: Node): AnyNode[] => (definitionOf(tree)['body'] as AnyNode)['body'] as AnyNode[];
const isPrivate = (member: AnyNode): boolean => (member['key'] as AnyNode | undefined)?.type === 'PrivateIdentifier';
const nameOf = (member: AnyNode): string => `#${String((member['key'] as AnyNode)['name'])}`;

export function classEdits(tree: Node, text: string, shift: number): { readonly edits: Edit[]; readonly privates: Privates } {
  const members = membersOf(tree);
  const privates = privatesOf(members);
  const superClass = definitionOf(tree)['superClass'] as AnyNode | null;
  const lines = ({ start, end }: Node): string => text.slice(start - shift, end - shift).replaceAll(/[^\n]/g, '');
  const edits: Edit[] = [];
  if (superClass !== null) edits.push({ start: superClass.start, end: superClass.end, replacement: HERITAGE });
  for (const member of members) {
    if (member.type === 'StaticBlock') edits.push({ start: member.start, end: member.end, replacement: lines(member) });
    if (member['computed'] === true) edits.push(...keyAlone(member['key'] as AnyNode));
    const value = member['value'] as AnyNode | null | undefined;
    if (member.type !== 'PropertyDefinition' || !value) continue;
    if (member['static'] === true) edits.push({ start: value.start, end: value.end, replacement: `undefined${lines(value)}` });
    else if (privates.markInstances) edits.push(...guardedInitialiser(value));
  }
  if (privates.markInstances) edits.push(...guardedConstructor(members, superClass !== null));
  const fields = [...privates.fields, ...privates.statics];
  if (fields.length > 0 || privates.markInstances) {
    const end = definitionOf(tree).end - 1;
    edits.push({ start: end, end, replacement: setterOf(fields) });
  }
  return { edits, privates };
}

/** Compilers put what they want evaluated once into the next computed name: `[(weakMap = new WeakMap(), name)]`. */
function keyAlone(key: AnyNode): Edit[] {
  const last = key.type === 'SequenceExpression' ? (key['expressions'] as AnyNode[]).at(-1)! : key;
  const name = last.type === 'AssignmentExpression' ? (last['right'] as AnyNode) : last;
  return name === key ? [] : [{ start: key.start, end: name.start, replacement: '' }];
}

function privatesOf(members: readonly AnyNode[]): Privates {
  const own = members.filter(isPrivate);
  const fields = own.filter(({ type }) => type === 'PropertyDefinition');
  const named = (isStatic: boolean): string[] => fields.filter((member) => member['static'] === isStatic).map(nameOf);
  return { fields: named(false), statics: named(true), markInstances: own.some((member) => member['static'] !== true) };
}

function guardedInitialiser({ start, end }: AnyNode): Edit[] {
  return [
    { start, end: start, replacement: `${REBUILD}.isOn?undefined:(` },
    { start: end, end, replacement: ')' },
  ];
}

function guardedConstructor(members: readonly AnyNode[], isDerived: boolean): Edit[] {
  const constructor = members.find((member) => member['kind'] === 'constructor');
  if (constructor === undefined) return [];
  const start = ((constructor['value'] as AnyNode)['body'] as AnyNode).start + 1;
  return [{ start, end: start, replacement: isDerived ? `if(${REBUILD}.isOn){super();return}` : `if(${REBUILD}.isOn)return;` }];
}

function setterOf(fields: readonly string[]): string {
  const cases = fields.map((name) => `case"${name}":$o.${name}=$v;break;`);
  return `static{${REBUILD}.keepSetter(this,($o,$k,$v)=>{switch($k){${cases.join('')}}})}`;
}

export function applyEdits(text: string, edits: readonly Edit[], shift: number): string {
  let edited = text;
  for (const { start, end, replacement } of edits.toSorted((a, b) => b.start - a.start)) {
    edited = edited.slice(0, start - shift) + replacement + edited.slice(end - shift);
  }
  return edited;
}

/** Computed names of members are evaluated when the class is defined. */
export function namesInKeys(tree: Node, free: ReadonlyMap<string, readonly Reference[]>): Set<string> {
  const keys = membersOf(tree).flatMap((member) => (member['computed'] === true ? [member['key'] as AnyNode] : []));
  const inside = ({ start, end }: Reference): boolean => keys.some((key) => start >= key.start && end <= key.end);
  return new Set([...free].filter(([, references]) => references.some(inside)).map(([name]) => name));
}
