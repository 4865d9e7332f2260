import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { dirname } from 'node:path';
import vm from 'node:vm';
import { quietly } from '../require-module.ts';
import { quietImports } from './modules.ts';
import { REBUILD } from './class-edits.ts';
import { rebuild } from './rebuild.ts';
import type { CodeRecipe } from './recipe.ts';

/*
 * From a function's text to a function: compiled once for each text, under the name, line and column of the original, so that
 * stack traces, breakpoints and coverage point there. What it captures are variables of a function around it.
 */
export interface Made {
  readonly fn: unknown;
  /** Sets what the function captures. */
  readonly put: (values: readonly unknown[]) => void;
}

type Factory = (values: readonly unknown[], meta: object | null, $rebuild: typeof rebuild) => readonly [put: Made['put'], fn: unknown];

/** By key. Two texts may have one: pieces of code that were made while the program runs have no file of their own. */
const factories = new Map<string, { readonly text: string; readonly factory: Factory }>();

export function make(code: CodeRecipe, early: readonly unknown[]): Made {
  let known = factories.get(code.key);
  if (known?.text !== code.text) factories.set(code.key, (known = { text: code.text, factory: compile(code) }));
  const [put, fn] = known.factory(early, code.usesMeta ? metaOf(code.url) : null, rebuild);
  return { put, fn };
}

function compile(code: CodeRecipe): Factory {
  const list = code.names.join();
  const variables = list === '' ? '' : `let [${list}]=$values;`;
  const setter = list === '' ? '()=>{}' : `($v)=>{[${list}]=$v}`;
  const [before, after] = wrapping(code);
  const head = `(function($values,$meta,${REBUILD}){${code.isStrict ? '"use strict";' : ''}${variables}return [${setter},${before}`;
  const text = code.usesMeta ? code.text.replaceAll(/\bimport\s*\.\s*meta\b/g, (match) => '$meta'.padEnd(match.length)) : code.text;
  if (/\bimport\s*\(/.test(text)) quietImports();
  const script = quietly(
    () =>
      new vm.Script(`${head}${text}${after}]})`, {
        filename: code.url || 'manycore:function',
        lineOffset: code.line - 1,
        columnOffset: code.column - 1 - head.length,
        importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
      }),
  );
  return script.runInThisContext() as Factory;
}

/** A method stands in an object, from which it is taken. */
function wrapping({ kind, text }: CodeRecipe): readonly [string, string] {
  if (kind !== 'method') return ['(', ')'];
  const accessor = /^(get|set)\s+[^(\s]/.exec(text)?.[1];
  const take = accessor === undefined ? 'value' : accessor;
  return ['(($o)=>Object.getOwnPropertyDescriptor($o,Reflect.ownKeys($o)[0]).' + take + ')({', '})'];
}

const metas = new Map<string, object>();

function metaOf(place: string): object {
  let meta = metas.get(place);
  if (meta === undefined) {
    const url = place.startsWith('/') ? pathToFileURL(place).href : place;
    const filename = url.startsWith('file:') ? fileURLToPath(url) : undefined;
    const resolve = (specifier: string): string =>
      /^(\.{0,2}\/|file:)/.test(specifier) ? new URL(specifier, url).href : pathToFileURL(createRequire(url).resolve(specifier)).href;
    meta = { url, filename, dirname: filename === undefined ? undefined : dirname(filename), resolve, main: false };
    metas.set(place, meta);
  }
  return meta;
}
