import assert from 'node:assert/strict';
import { conformance, namedIds } from '../support/assertions.ts';
import { test } from '../support/test.ts';

const { complete, ids } = conformance;
const named = namedIds();

test('every id that a test names is in the list', () => {
  const unknown = [...named].filter(([id]) => !(id in ids)).map(([id, files]) => `${id} in ${files.join(', ')}`);
  assert.deepEqual(unknown, []);
});

test('each behaviour of the complete groups is named by a test', () => {
  const missing = Object.entries(ids)
    .filter(([id]) => complete.includes(id.slice(0, 3)) && !named.has(id))
    .map(([id, statement]) => `${id} ${statement}`);
  assert.deepEqual(missing, []);
});

test('a group that could be called complete is told', (context) => {
  const groups = new Map<string, string[]>();
  for (const id of Object.keys(ids)) groups.set(id.slice(0, 3), [...(groups.get(id.slice(0, 3)) ?? []), id]);
  for (const [group, members] of groups) {
    const missing = members.filter((id) => !named.has(id));
    if (!complete.includes(group) && missing.length < members.length)
      context.diagnostic(missing.length === 0 ? `${group} is complete` : `${group} lacks ${missing.join(' ')}`);
  }
});
