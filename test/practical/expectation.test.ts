import assert from 'node:assert/strict';
import { all, different, exactly, holds, inAnyOrder, inOrder, never, nothingBut, times } from '../../src/practical/expectation.ts';
import { catalogue, differences } from '../../src/practical/index.ts';
import { test } from '../support/test.ts';

const lines = ['one', 'two', 'three', 'two'];

test('an expectation says what is missing, and nothing when all is there', () => {
  for (const met of [
    exactly('one', /^t/, 'three', 'two'),
    inOrder('one', 'three'),
    inAnyOrder('two', 'one', 'two'),
    times(2, 'two'),
    different(3, /^(.*)$/),
    never('four'),
    nothingBut(/o/, /three/),
    holds('there are four', (all) => all.length === 4),
    all(inOrder('one'), never('four')),
  ])
    assert.equal(met(lines), null);
});

test('each expectation finds its own kind of fault', () => {
  assert.match(exactly('one', 'two')(lines)!, /a line too many: "three"/);
  assert.match(exactly('one', 'four')(lines)!, /line 2 should be "four": "two"/);
  assert.match(exactly('one', 'two', 'three', 'two', 'five')(lines)!, /line 5 should be "five": there is none/);
  assert.match(inOrder('three', 'one')(lines)!, /"one" does not come after "three"/);
  assert.match(inAnyOrder('one', 'one')(lines)!, /"one" is not there/);
  assert.match(times(1, 'two')(lines)!, /1 times: 2/);
  assert.match(different(4, /^(.*)$/)(lines)!, /4 different/);
  assert.match(never(/^th/)(lines)!, /"three" should not be there/);
  assert.match(nothingBut(/o/)(lines)!, /"three" should not be there/);
  assert.match(holds('it is empty', (all) => all.length === 0)(lines)!, /it is empty/);
  assert.match(all(inOrder('one'), never('two'))(lines)!, /"two" should not be there/);
});

test('no program shows what it should without printing anything', () => {
  for (const { id, shows } of catalogue) assert.notEqual(shows([]), null, id);
});

test('the ids are unique', () => {
  assert.equal(new Set(catalogue.map(({ id }) => id)).size, catalogue.length);
});

test('of each program it is said how it is otherwise in Python', () => {
  assert.deepEqual(
    catalogue.map(({ id }) => id).filter((id) => differences[id] === undefined),
    [],
  );
});
