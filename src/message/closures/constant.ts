import { FunctionCode } from './function-code.ts';
import { pack } from './pack.ts';
import type { Recipe, RecipeNode, Ref } from './recipe.ts';

/**
 * Whether a function that is sent a second time is the same as the first time.
 *
 * `captures nothing`: its text says it all, wherever a function with this text stands. `constant`: this very function is found by its name,
 * or captures only what is. `changes`: it captures values that may be others the next time.
 */
export function isConstant(fn: (...args: never[]) => unknown): 'captures nothing' | 'constant' | 'changes' {
  const recipe = pack(fn);
  const root = nodeOf(recipe, recipe.root);
  if (root === undefined) return 'changes';
  if (!isConstantNode(recipe, root, new Set())) return 'changes';
  if (root[0] !== 'function') return 'constant';
  // A name that is free in the text and not captured is a global; where the same text is found again, it could be something else.
  const { free, analysis } = FunctionCode.of(fn).parts;
  return free.size === 0 && !analysis.usesImport && analysis.importMeta.length === 0 ? 'captures nothing' : 'constant';
}

function nodeOf(recipe: Recipe, ref: Ref): RecipeNode | undefined {
  return Array.isArray(ref) && typeof ref[0] === 'number' ? recipe.nodes[ref[0]] : undefined;
}

const BY_NAME: ReadonlySet<string> = new Set(['global', 'builtin', 'import', 'export', 'require']);

function isConstantNode(recipe: Recipe, node: RecipeNode, seen: Set<RecipeNode>): boolean {
  if (seen.has(node)) return true;
  seen.add(node);
  if (BY_NAME.has(node[0])) return true;
  if (node[0] !== 'function' || node[5].length > 0 || node[6] !== null) return false;
  return node[2].every((value) => {
    const captured = nodeOf(recipe, value);
    // A captured function may be another one the next time: only what an import binds is known to stay.
    return captured !== undefined && captured[0] !== 'function' && isConstantNode(recipe, captured, seen);
  });
}
