import assert from 'node:assert/strict';
import { programLines } from '../support/program-lines.ts';
import { test } from '../support/test.ts';

/** A library that lies in the program's own text, as in a bundle, of so many functions. */
const program = (functions: number, length = 10): string => `
  import { Thread } from 'manycore/threading';
  process.on('warning', ({ code, message }) => console.log(code, message.replace(/file:.*?\\.mjs|\\[eval\\S*?\\]/, 'here')));
  const part = (_, i) => '(x) => { /*' + 'long '.repeat(${length}) + '*/ return x + ' + i + '; }';
  const parts = eval('[' + Array.from({ length: ${functions} }, part).join() + ']');
  const library = { parts, all: (x) => parts.reduce((sum, part) => sum + part(x), 0) };
  const small = 7;
  for (let i = 0; i < 3; i++) {
    const thread = new Thread({ target: () => console.log(library.all(1) + small) });
    thread.start();
    await thread.join();
  }`;

test('a captured variable that takes a whole library along by value is told of, once, by its name', async () => {
  const { lines } = await programLines(program(300));
  const told = lines.filter((line) => line.startsWith('MANYCORE_LARGE_CAPTURE'));
  assert.equal(told.length, 1);
  assert.match(told[0]!, /takes 302 functions along by value, 301 of them through its variable `library`/);
  assert.equal(lines.filter((line) => /^\d+$/.test(line)).length, 3);
});

test('so is one that takes much text along; a few functions are nothing to tell of', async () => {
  const { lines } = await programLines(program(20, 20_000));
  assert.equal(lines.filter((line) => line.startsWith('MANYCORE_LARGE_CAPTURE')).length, 1);
  assert.deepEqual(
    (await programLines(program(150))).lines.filter((line) => line.startsWith('MANY')),
    [],
  );
});
