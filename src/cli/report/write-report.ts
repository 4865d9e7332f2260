import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { version } from '../../base/version.ts';
import { catalogue, differences, folder } from '../../practical/index.ts';
import type { Run } from '../practical.ts';
import { reportPage, type Shown } from './page.ts';

/** The programs as they were written: beside the compiled ones, in the package's sources. */
const SOURCES = new URL('../../../src/practical/', folder);

/** Writes what was run, with sources and outputs, as a page. */
export function writeReport(file: string, runs: readonly Run[], pythonVersion: string | null): void {
  const shown = runs.map(({ id, title, ms, output, fault, python }): Shown => {
    const program = catalogue.find((one) => one.id === id)!;
    const text = readFileSync(fileURLToPath(new URL(`${program.file}.ts`, SOURCES)), 'utf8');
    const { teaches, source } = split(text);
    return { id, title, teaches, source, output, ms, fault, python, differs: differences[id] ?? null };
  });
  writeFileSync(file, reportPage(shown, { version, node: process.versions.node, python: pythonVersion, date: new Date() }));
}

/** The comment at the head of each program says what it is about. */
function split(text: string): { readonly teaches: string; readonly source: string } {
  const lines = text.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('//'));
  const head = lines.slice(0, end).map((line) => line.replace(/^\/\/ ?/, ''));
  return { teaches: head.join(' '), source: `${lines.slice(end).join('\n').trim()}\n` };
}
