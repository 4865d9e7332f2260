// What threads, pools and processes begin with is shipped as CommonJS, which Node loads by src/core.cjs: the ES module of a file gives what that exports. A
// bundler, which can't follow that, gets the ES modules as they were: all of build/dist as it was is in build/es.
import { copyFileSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { parse } from 'acorn';
import { FILES } from './bundle.mjs';

const DIST = resolve('build/dist');
const ES = resolve('build/es');
/** The library's files of several modules: all but those of the command-line tool, of Slurm, and of a program that is recorded from its start. */
const CORE = FILES.map(([file]) => file).filter((file) => !/^(?:base\/version|profile\/program-all|(?:slurm|cli)\/.*)$/.test(file));
/** What a worker begins with, and what its first message names. */
const ENTRIES = ['host/thread/thread-main', 'threading/thread', 'futures/fabric/worker'];

/** What a file loads only when it first uses something of it, for most who load the file never do. Nothing of it may be used when the file is loaded. */
const LATER = { 'futures/all': ['futures/process-pool-all', 'futures/process-worker-all'] };

const IMPORT = /^import (?:([\w$]+)(?:, )?)?(\{.*\})?(?: from )?'([^']+)';$/gm;
const EXPORT_FROM = /^export (\{.*\}) from '([^']+)';$/gm;
const EXPORT = /^export (\{.*\});$/m;
const ADDRESS = new RegExp(`/(${ENTRIES.map((entry) => basename(entry)).join('|')})\\.js(?=')`, 'g');

const asPattern = (names) => names.replaceAll(/([\w$]+) as ([\w$]+)/g, '$1: $2');
/** Of `{ local as exported }`. */
const asObject = (names) => names.replaceAll(/([\w$]+) as ([\w$]+)/g, '$2: $1');
const exportedOf = (names) => names.replaceAll(/[\w$]+ as /g, '');
const way = (from, to) => relative(dirname(from), to).replace(/^(?!\.)/, './');

/** What `file` loads later, in its code: a name that stands for something of it asks for it. Where one is more than used, this gives no program. */
function loadedLater(code, file) {
  const ways = new Map();
  let before = code.replaceAll(IMPORT, (line, _, names, specifier) => {
    const needed = join(dirname(file), specifier).replace(/\.js$/, '');
    if (LATER[file]?.includes(needed) !== true) return line;
    const ask = `__later${LATER[file].indexOf(needed)}`;
    for (const [, exported, local = exported] of names.matchAll(/([\w$]+)(?: as ([\w$]+))?/g)) ways.set(local, `(${ask}().${exported})`);
    return `let ${ask}_; const ${ask} = () => (${ask}_ ??= require('${way(file, 'core.cjs')}').load('${needed}'));`;
  });
  const tokens = [];
  parse(before, { ecmaVersion: 'latest', sourceType: 'module', onToken: tokens });
  for (const [i, { type, value, start, end }] of [...tokens.entries()].toReversed()) {
    const isProperty = /^\??\.$/.test(tokens[i - 1]?.type.label ?? '');
    if (type.label === 'name' && !isProperty && ways.has(value)) before = before.slice(0, start) + ways.get(value) + before.slice(end);
  }
  return before;
}

/** An ES module as CommonJS, line by line: so its source map holds. */
function toCommonJS(code, file) {
  const core = `require('${way(file, 'core.cjs')}')`;
  const load = (specifier) => {
    if (!specifier.startsWith('.')) return `require('${specifier}')`;
    const needed = join(dirname(file), specifier).replace(/\.js$/, '');
    if (!CORE.includes(needed)) throw new Error(`${file} needs ${needed}, which is no part of the core`);
    return `${core}.load('${needed}')`;
  };
  const text = loadedLater(code, file)
    .replaceAll(IMPORT, (_, whole, names, specifier) => {
      const parts = [whole ?? [], names === undefined ? [] : asPattern(names)].flat();
      return parts.length === 0 ? `${load(specifier)};` : parts.map((part) => `const ${part} = ${load(specifier)};`).join(' ');
    })
    .replaceAll(
      EXPORT_FROM,
      (_, names, specifier) => `{ const ${asPattern(names)} = ${load(specifier)}; module.exports = ${exportedOf(names)}; }`,
    )
    .replace(EXPORT, (_, names) => `module.exports = ${asObject(names)};`)
    .replaceAll('import.meta.url', '__url')
    .replaceAll(/\bimport\((?=__rewrite)/g, `${core}.imported(`)
    .replaceAll(ADDRESS, '/$1.cjs');
  if (/^(?:import|export|await)\b/m.test(text)) throw new Error(`${file} has what CommonJS has not`);
  // It may be required by its address, too, which messages name.
  const entered = CORE.includes(file) ? `${core}.modules.set(__filename, module); ` : '';
  return toPlainText(`'use strict'; ${entered}const __url = require('node:url').pathToFileURL(__filename).href; ${text}`);
}

/**
 * A script in ASCII, without its comments: Node reads such text five times as fast, and keeps a byte for each character and not two. What is left stays in
 * its line, and in its column but behind what was no ASCII.
 */
function toPlainText(code) {
  const comments = [];
  const onComment = (_, comment, start, end) => void (comment.startsWith('# sourceMappingURL=') || comments.push([start, end]));
  parse(code, { ecmaVersion: 'latest', sourceType: 'script', onComment });
  let text = '';
  let at = 0;
  for (const [start, end] of comments) {
    const isLast = /^[ \t]*(?:\n|$)/.test(code.slice(end));
    const before = code.slice(at, start);
    text += (isLast ? before.replace(/[ \t]+$/, '') : before) + code.slice(start, end).replaceAll(/[^\n]/g, isLast ? '' : ' ');
    at = end;
  }
  return (text + code.slice(at)).replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The ES module that gives what `file` exports. */
const toShell = (code, file) =>
  `import { createRequire } from 'node:module';\nexport const ${exportedOf(EXPORT.exec(code)[1])} = createRequire(import.meta.url)('${way(file, 'core.cjs')}').load('${file}');\n`;

/** A module that exports what files of the core do, without their ES modules in between. */
function pastShells(code, file) {
  const load = (specifier) => CORE.find((name) => name === join(dirname(file), specifier).replace(/\.js$/, ''));
  const text = code
    .replaceAll(IMPORT, (line, whole, names, specifier) =>
      (whole ?? names ?? load(specifier)) === undefined
        ? line
        : whole === undefined && names === undefined
          ? `load('${load(specifier)}');`
          : line,
    )
    .replaceAll(EXPORT_FROM, (line, names, specifier) =>
      load(specifier) === undefined ? line : `export const ${asPattern(names)} = load('${load(specifier)}');`,
    );
  return text === code
    ? code
    : `import { createRequire } from 'node:module'; const { load } = createRequire(import.meta.url)('${way(file, 'core.cjs')}'); ${text}`;
}

rmSync(ES, { recursive: true, force: true });
cpSync(DIST, ES, { recursive: true, filter: (path) => !path.endsWith('.map') && !path.startsWith(join(DIST, 'cli')) });
copyFileSync('src/core.cjs', join(DIST, 'core.cjs'));
for (const name of readdirSync(DIST, { recursive: true })) {
  const file = /^(.*\/index)\.js$/.exec(name)?.[1];
  if (file !== undefined) writeFileSync(join(DIST, name), pastShells(readFileSync(join(DIST, name), 'utf8'), file));
}
for (const file of [...CORE, ...ENTRIES]) {
  const path = join(DIST, `${file}.js`);
  const code = readFileSync(path, 'utf8');
  writeFileSync(join(DIST, `${file}.cjs`), toCommonJS(code, file));
  if (CORE.includes(file)) writeFileSync(path, toShell(code, file));
}
