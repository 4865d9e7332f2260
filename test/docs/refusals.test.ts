import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from '../support/test.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

test('every code by which something is refused to be sent is explained on the page of how things travel', () => {
  const files = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const sources = files.map((file) => readFileSync(`${root}src/${file}`, 'utf8'));
  const codes = new Set(sources.flatMap((text) => text.match(/(?<=')E_[A-Z_]+(?=')/g) ?? []));
  assert.ok(codes.size > 20);
  const page = readFileSync(`${root}docs/sending.md`, 'utf8');
  assert.deepEqual(
    [...codes].filter((code) => !page.includes(`\`${code}\``)),
    [],
  );
});
