import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from './support/test.ts';

interface Layer {
  readonly imports: readonly string[];
  readonly node: readonly string[];
  readonly packages?: readonly string[];
}
const { layers } = (await import(new URL('../../scripts/layers.mjs', import.meta.url).href)) as { layers: Record<string, Layer> };
const source = new URL('../../src/', import.meta.url);

function importsOf(file: string): string[] {
  const text = readFileSync(new URL(file, source), 'utf8');
  return [...text.matchAll(/^(?:import|export)\b[^'"]*?from\s+'([^']+)'|\bimport\(\s*'([^']+)'|^import\s+'([^']+)'/gm)].map(
    (m) => (m[1] ?? m[2] ?? m[3])!,
  );
}

function complaint(file: string, target: string): string | undefined {
  const layer = file.split('/')[0]!;
  const rule = layers[layer];
  if (rule === undefined) return undefined;
  if (rule.imports.includes('*')) return undefined;
  if (target.startsWith('node:')) return rule.node.includes(target.slice(5)) ? undefined : `${layer} may not use ${target}`;
  // The practical's programs are written as a user writes them.
  const module = /^manycore\/(\w+)$/.exec(target)?.[1];
  if (module !== undefined) return rule.imports.includes(module) ? undefined : `${layer} may not import from ${module}`;
  if (!target.startsWith('.'))
    return rule.packages?.includes(target.split('/')[0]!) ? undefined : `${layer} may not use the package ${target}`;
  const to = new URL(target, new URL(file, source)).href.slice(source.href.length).split('/')[0]!;
  return to === layer || rule.imports.includes(to) ? undefined : `${layer} may not import from ${to}`;
}

test('imports go down only, and each layer uses only the Node modules that its table names', () => {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  assert.ok(files.length > 0);
  const complaints = files
    .flatMap((file) => importsOf(file).map((target) => ({ file, target, words: complaint(file, target) })))
    .filter((c) => c.words !== undefined);
  assert.deepEqual(
    complaints.map((c) => `src/${c.file} imports ${c.target}: ${c.words}`),
    [],
  );
});
