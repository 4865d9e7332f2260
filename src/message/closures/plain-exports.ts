import type { ExportName } from './script.ts';

/*
 * What a module exports, as far as it can be seen without the parser, whose loading and first use take longer than all else about a function that
 * travels by its name.
 *
 * At the beginning of a line `export` is the statement, unless the line lies in the middle of what goes over several lines: a template, a comment, or a
 * string with a line break behind a backslash. So nothing is said of what comes after a backtick or such a break, or while a comment may be open.
 */
const STATEMENT =
  /^export[ \t]+(?:(?:const|let|var)[ \t]+([\w$]+)\s*=|(default[ \t]+)?(?:async[ \t]+)?function\s*\*?\s*([\w$]+)\s*\(|(default[ \t]+)?class[ \t]+([\w$]+)\s*(?:\{|extends\b)|\{([\w$\s,]*)\}(?:[ \t]*;|\s*(?![^])))/gm;
/** What only a module has. */
const OF_MODULE =
  /^(?:export(?:[ \t]+(?:const|let|var|function|class|async|default)\b|[ \t]*(?:\{|\*[ \t]+(?:as|from)[ \t]))|import[ \t]*(?:["'{]|\*[ \t]+as[ \t]+[\w$]|[\w$]+(?:[ \t]+from\b|[ \t]*,)))/gm;
const OVER_LINES = /`|\\[\r\n\u2028\u2029]/;
const ITEM = /^([\w$]+)(?:\s+as\s+([\w$]+))?$/;

/** The exports of variables that can be told for certain; there may be others. */
export function plainExports(source: string): readonly ExportName[] {
  const found: ExportName[] = [];
  for (const match of statements(source, STATEMENT)) {
    const [, variable, defaultFunction, fn, defaultClass, classOf, list] = match;
    const local = variable ?? fn ?? classOf;
    if (local !== undefined) found.push({ name: (defaultFunction ?? defaultClass) === undefined ? local : 'default', local });
    else found.push(...(list ?? '').split(',').flatMap(itemOf));
  }
  return found;
}

/** Whether a script is a module; `undefined` when that can't be told for certain. */
export function isPlainlyModule(source: string): boolean | undefined {
  if (!/\b(?:im|ex)port\b/.test(source)) return false;
  return statements(source, OF_MODULE).next().done === true ? undefined : true;
}

function* statements(source: string, which: RegExp): Generator<RegExpExecArray, void> {
  const end = source.search(OVER_LINES);
  for (const match of source.matchAll(which)) {
    if (end >= 0 && match.index > end) return;
    if (!isInComment(source, match.index)) yield match;
  }
}

function itemOf(text: string): ExportName[] {
  const [, local, name = local] = ITEM.exec(text.trim()) ?? [];
  return local === undefined ? [] : [{ name: name!, local }];
}

/** Whether a comment that was opened before may still be open: none is when the last one has been closed. */
function isInComment(source: string, at: number): boolean {
  const opened = source.lastIndexOf('/*', at);
  return opened >= 0 && source.lastIndexOf('*/', at) < opened + 2;
}
