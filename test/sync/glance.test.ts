import assert from 'node:assert/strict';
import { Glance } from '../../src/sync/glance.ts';
import type { FutexWord } from '../../src/word/word.ts';
import { test } from '../support/test.ts';

/** A word that changes when it has been read so often, and counts how often that is. */
function wordThatChangesAt(read: number): { readonly word: FutexWord; readonly reads: () => number } {
  let reads = 0;
  return { word: { load: () => (++reads < read ? 0 : 1) } as FutexWord, reads: () => reads };
}

test('a glance sees a word that has changed, and one that changes meanwhile', () => {
  const glance = new Glance(Infinity);
  assert.equal(glance.sees(wordThatChangesAt(1).word, 0), true);
  assert.equal(glance.sees(wordThatChangesAt(1000).word, 0), true);
});

test('after looks in vain, more and more of them are left out, until one has seen something', () => {
  const glance = new Glance(0);
  const still = wordThatChangesAt(Infinity);
  const lookedAt: number[] = [];
  for (let call = 0; call < 20; call++) {
    const before = still.reads();
    assert.equal(glance.sees(still.word, 0), false);
    if (still.reads() - before > 1) lookedAt.push(call);
  }
  // One is left out after the first, then two, four, eight.
  assert.deepEqual(lookedAt, [0, 2, 5, 10, 19]);
  while (!glance.sees(wordThatChangesAt(3).word, 0));
  let before = still.reads();
  assert.equal(glance.sees(still.word, 0), false);
  assert.ok(still.reads() - before > 1);
  before = still.reads();
  assert.equal(glance.sees(still.word, 0), false);
  assert.equal(still.reads() - before, 1);
});
