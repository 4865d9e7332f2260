import assert from 'node:assert/strict';
import { parse } from 'acorn';
import { isPlainlyModule, plainExports } from '../../src/message/closures/plain-exports.ts';
import { test } from '../support/test.ts';

const list = (source: string): string[] => plainExports(source).map(({ name, local }) => `${local} as ${name}`);
const isModule = (source: string): boolean =>
  parse(source, { ecmaVersion: 'latest', sourceType: 'module' }).body.some(({ type }) => /^(?:Im|Ex)port/.test(type));

test('what a module exports is told without the parser where nothing else can be meant', () => {
  assert.deepEqual(
    list(`import x from 'x';
/* What it does. */
export const one = () => 1;
export let two = 2
export async function three() {}
export function* four(a) {}
export default class Five extends x {}
const six = 6, seven = 7;
export { six, seven as eight };
export { nine } from './nine.mjs';
export { ten }
from './ten.mjs';
export * from './eleven.mjs';
export default (y) => y;
export const { twelve } = x;
`),
    ['one as one', 'two as two', 'three as three', 'four as four', 'Five as default', 'six as six', 'seven as eight'],
  );
  assert.deepEqual(list('const a = 1;\nexport { a }\n'), ['a as a']);
});

test('what only looks like an export is none: in a comment, a template, a string over two lines, a class', () => {
  assert.deepEqual(list('/*\nexport const one = 1;\n*/\nexport const two = 2;\n// */ \nexport const three = 3;'), [
    'two as two',
    'three as three',
  ]);
  assert.deepEqual(list('/*/\nexport const one = 1;\n*/'), []);
  assert.deepEqual(list('const a = `\nexport const one = 1;\n`;'), []);
  assert.deepEqual(list("const a = '\\\nexport const one = 1;\\\n';"), []);
  assert.deepEqual(list('class A {\nexport\n= 1;\n}\nexport { A };'), ['A as A']);
  assert.deepEqual(list('export function naïve() {}\nexport const fiancé = 1;'), []);
});

test('a script is known as a module, or as none, without the parser where nothing else can be meant', () => {
  for (const source of [
    "import 'x'",
    'import{a}from "x"',
    'import a, { b } from "x"',
    'import * as a from "x"',
    'export * from "x"',
    'export default 1',
  ])
    assert.deepEqual([isPlainlyModule(source), isModule(source)], [true, true], source);
  assert.equal(isPlainlyModule('exports.a = 1;'), false);
  // In these, it takes the parser to find out.
  for (const source of ['import("x")', 'import.meta.url', 'a.\nimport * as', '/*\nexport {};\n*/', '`\nimport "x"\n`'])
    assert.equal(isPlainlyModule(source), undefined, source);
});
