import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CalledProcessError, sh, TimeoutExpired } from '../../src/subprocess/index.ts';
import { SHORT } from '../support/patience.ts';
import { test } from '../support/test.ts';

test('a line of the shell runs with pipes, redirects, globs and variables; values are arguments', async () => {
  const file = '/etc/passwd';
  assert.equal(Number((await sh`cat ${file} | wc -l`).stdout) > 0, true);
  assert.equal(
    await sh`echo ${'a  b'} '${'in single'}' "and ${'in double'}" $(echo ${'in a command'})`.text(),
    'a  b in single and in double in a command',
  );
  assert.equal(await sh`printf '[%s]' ${['x y', '$HOME', ';']} ${[]} ${42} ${7n}`.text(), '[x y][$HOME][;][42][7]');
  assert.equal(await sh`export NAME=${'the value'} && sh -c 'echo "$NAME"' 2>/dev/null`.text(), 'the value');
  assert.equal(await sh`X=1; echo "\${X}" $((X + 1)) # no ${'comment'}`.text(), '1 2');
  assert.equal(await sh`printf 'a\nb'`.text(), 'a\nb');
  assert.equal(await sh`cd /usr && echo b*n`.text(), 'bin');
});

const awkward = `'"\\$\`(){}<>;&|*?#~! \n\tax-`.split('');

test('no value is ever read as syntax', async () => {
  const hostile = [
    '$(echo no)',
    '`echo no`',
    "'; echo no; '",
    '"; echo no; "',
    '\\',
    '\\"',
    '$HOME',
    '${HOME}',
    '*',
    '~',
    '\n',
    ' ',
    '',
    '-n',
    '!',
    '&',
    '|',
    '#x',
    '\u0000'.slice(1),
  ];
  for (const value of hostile) {
    const { stdout } = await sh`printf '%s|' ${value} '${value}' "${value}" $(printf '%s' x) pre${value}post`;
    assert.equal(stdout, `${value}|${value}|${value}|x|pre${value}post|`);
  }
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: fc.constantFrom(...awkward), maxLength: 12 }), { minLength: 1, maxLength: 3 }),
      async (values) => {
        const { stdout } = await sh`printf '%s\0' ${values} "${values[0]!}" '${values[0]!}'`;
        assert.deepEqual(stdout.split('\0').slice(0, -1), [...values, values[0], values[0]]);
      },
    ),
    { numRuns: 60 },
  );
});

test('a place where a value would not be an argument is refused', () => {
  const value = 'x';
  const places = [
    () => sh`echo $((${value}))`,
    () => sh`echo \`echo ${value}\``,
    () => sh`echo \${X:-${value}}`,
    () => sh`echo \\\${value}`,
    () => sh`echo $${value}`,
    () => sh`cat <<END
${value}
END`,
    () => sh`echo "${['a', 'list']}"`,
    () => sh`echo 'open ${value}`,
  ];
  // The fourth is an escaped backslash and a shell's own variable.
  for (const [i, place] of places.entries()) if (i !== 3) assert.throws(place, SyntaxError);
  assert.throws(() => sh`echo ${'a\0b'}`, /NUL/);
  assert.throws(() => sh`echo ${'x'.repeat(200_000)}`, /give it as `input`/);
  for (const bad of [null, undefined, {}, true]) assert.throws(() => sh`echo ${bad as never}`, TypeError);
});

test('a line that fails says how, and its stderr; options change its terms', async () => {
  await assert.rejects(
    sh`echo why >&2; exit 3`.run(),
    (error: CalledProcessError) => error.returnCode === 3 && error.message.endsWith('\nwhy'),
  );
  assert.equal((await sh`exit 3`.with({ check: false })).returnCode, 3);
  assert.equal(await sh.with({ cwd: '/usr', env: { A: 'b' } })`pwd; echo $A`.text(), '/usr\nb');
  assert.equal((await sh`cat`.with({ input: 'fed' })).stdout, 'fed');
  await assert.rejects(sh`sleep 1000`.with({ timeout: SHORT }).run(), TimeoutExpired);
  assert.equal(sh`echo ${'sync'}`.runSync().stdout, 'sync\n');
  assert.equal((await sh.with({ shell: '/bin/bash' })`set -o pipefail; false | cat`.with({ check: false })).returnCode, 1);
  const lines: string[] = [];
  for await (const line of sh`seq 3`) lines.push(line);
  assert.deepEqual(lines, ['1', '2', '3']);
  assert.deepEqual(sh`echo ${'a b'}`.command.map(String), ['/bin/sh', '-c', 'echo "${1}"', 'sh', 'a b']);
  const once = sh`date +%N`;
  assert.equal(await once, await once);
});

test('sh.quote gives a word that a shell reads back', async () => {
  for (const word of ["it's", 'a b', '$x', '', 'plain']) assert.equal((await sh`sh -c ${`printf %s ${sh.quote(word)}`}`).stdout, word);
});
