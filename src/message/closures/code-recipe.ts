import { HERITAGE } from './class-edits.ts';
import type { FunctionCode } from './function-code.ts';
import type { CodeRecipe } from './recipe.ts';
import { withCells } from './shared-variables.ts';

const NO_CELLS: ReadonlySet<string> = new Set();

/** What another thread needs to make the function again: `names` are those that it captures, `cells` those of them that it shares. */
export function codeRecipe(code: FunctionCode, names: readonly string[], cells: ReadonlySet<string> = NO_CELLS): CodeRecipe {
  if (cells.size > 0) return newRecipe(code, names, cells);
  const known = code.recipe;
  if (known !== null && known.names.length === names.length && known.names.every((name, i) => name === names[i])) return known;
  return (code.recipe = newRecipe(code, names, cells));
}

function newRecipe(code: FunctionCode, names: readonly string[], cells: ReadonlySet<string>): CodeRecipe {
  const place = code.script !== null && code.start >= 0 ? code.script.place(code.start) : { line: 1, column: 1 };
  return {
    key: `${code.url}:${place.line}:${place.column}:${code.text.length}:${names.join()}:${[...cells].join()}`,
    text: cells.size > 0 ? withCells(code, cells) : code.parts.compiledText,
    kind: code.parts.kind,
    isStrict: code.script?.isModule === true || /^\s*(['"])use strict\1/.test(code.script?.source ?? ''),
    url: code.url,
    ...place,
    names,
    early: names.flatMap((name, i) => (code.parts.early.has(name) || name === HERITAGE ? [i] : [])),
    usesMeta: code.parts.analysis.importMeta.length > 0,
  };
}
