import type { FunctionCode } from './function-code.ts';
import type { Shipped } from './refusals.ts';

/*
 * A function that goes by value takes along what it captures. When a captured variable leads into a whole library (in a bundle, where
 * nothing can be imported again), that works, and takes long each time: whoever hands it over is told, once for each variable.
 */
const FUNCTIONS_MAX = 200;
const TEXT_MAX = 1_000_000;

/** What a variable of the function that is sent has brought along. */
export interface Dragged {
  readonly name: string;
  readonly code: FunctionCode;
  readonly functions: number;
}

const told = new Set<string>();

/** Warns when there is much: `most` is the variable that brought most of it. */
export function checkSize(shipped: readonly Shipped[], most: Dragged | null): void {
  if (most === null) return;
  let text = 0;
  if (shipped.length <= FUNCTIONS_MAX) {
    for (const code of new Set(shipped.map((one) => one.code))) text += code.text.length;
    if (text <= TEXT_MAX) return;
  }
  const { name, code, functions } = most;
  const place = code.start >= 0 ? ` (${code.placeInWords})` : '';
  const key = `${name} ${code.url} ${code.start}`;
  if (told.has(key)) return;
  told.add(key);
  process.emitWarning(
    `a function that is sent${place} takes ${shipped.length} functions along by value, ${functions} of them through its variable \`${name}\``,
    {
      type: 'ManycoreWarning',
      code: 'MANYCORE_LARGE_CAPTURE',
      detail: `import what \`${name}\` needs inside the function, or from a module that can be imported: bundle with packages left external`,
    },
  );
}
