import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LONG } from '../support/patience.ts';
import { test } from '../support/test.ts';
import { allExamples, documents, type Example, examplesIn, examplesInComments, missing } from './examples.ts';

/*
 * Every program in the documents and doc comments is compiled and run, in a project that has the package installed.
 */
const root = new URL('../../../', import.meta.url);
const project = mkdtempSync(join(tmpdir(), 'manycore-docs-'));
after(() => rmSync(project, { recursive: true, force: true }));

const examples = allExamples(root);
const nameOf = ({ file, line }: Example): string => `${file.replace(/\W/g, '_')}_${line}`;

function makeProject(): void {
  mkdirSync(join(project, 'node_modules'));
  symlinkSync(fileURLToPath(root), join(project, 'node_modules/manycore'));
  symlinkSync(fileURLToPath(new URL('node_modules/@types', root)), join(project, 'node_modules/@types'));
  writeFileSync(join(project, 'package.json'), JSON.stringify({ type: 'module' }));
  const compilerOptions = {
    target: 'ES2022',
    lib: ['ES2023', 'ESNext.Disposable', 'ES2024.SharedMemory'],
    module: 'NodeNext',
    types: ['node'],
    strict: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    rewriteRelativeImportExtensions: true,
    outDir: 'build',
    rootDir: '.',
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  mkdirSync(join(project, 'build'));
  for (const example of examples) {
    // As many empty lines before it as in its document: what the compiler and the stacks say points there.
    const text = `${'\n'.repeat(example.line)}${example.text}\nexport {};\n`;
    writeFileSync(join(project, example.language === 'ts' ? `${nameOf(example)}.ts` : `build/${nameOf(example)}.js`), text);
  }
}

const tsc = fileURLToPath(new URL('node_modules/typescript/lib/tsc.js', root));

test('every example is a program that compiles', () => {
  makeProject();
  if (!examples.some(({ language }) => language === 'ts')) return;
  const { stdout, stderr, status } = spawnSync(process.execPath, [tsc, '-p', project], { encoding: 'utf8' });
  assert.equal(stdout + stderr, '');
  assert.equal(status, 0);
});

for (const example of examples.filter(({ noRun }) => noRun === null)) {
  test(`${example.place} prints what it says`, () => {
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, [join('build', `${nameOf(example)}.js`)], {
      cwd: project,
      encoding: 'utf8',
      timeout: 10 * LONG,
      killSignal: 'SIGKILL',
    });
    assert.equal(signal ?? status, 0, `it should end by itself, with exit code 0:\n${stdout}${stderr}`);
    const line = missing(example, stdout);
    assert.equal(line, null, `it does not print ${JSON.stringify(line)} where it should; it prints:\n${stdout}${stderr}`);
  });
}

test('every link from one document to another leads somewhere', () => {
  const broken = documents(root).flatMap((file) =>
    [...readFileSync(new URL(file, root), 'utf8').matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
      .filter((match) => !existsSync(new URL(match[1]!, new URL(file, root))))
      .map((match) => `${file}: ${match[1]}`),
  );
  assert.deepEqual(broken, []);
});

test('the differences from Python are gathered from the documents of the modules', async () => {
  const { differences } = (await import(new URL('scripts/differences.mjs', root).href)) as { differences(): string };
  assert.equal(readFileSync(new URL('docs/differences.md', root), 'utf8'), differences());
});

test('examples are found in documents and in doc comments, with their lines', () => {
  const text = 'words\n```ts\nconsole.log(1); //=> 1\n```\n```sh\nls\n```\n```ts no-run: it needs a cluster\nx;\n```\n';
  assert.deepEqual(
    examplesIn('a.md', text).map(({ line, noRun }) => [line, noRun]),
    [
      [2, null],
      [8, 'it needs a cluster'],
    ],
  );
  const source = "const s = '```ts';\n/**\n * Adds.\n * @example\n * ```ts\n * add(1, 2);\n * ```\n */\n";
  assert.deepEqual(
    examplesInComments('a.ts', source).map(({ line, text }) => [line, text]),
    [[5, 'add(1, 2);']],
  );
});

test('a line that is promised and does not come in its place is found', () => {
  const [example] = examplesIn('a.md', '```ts\na(); //=> one\n//=> two\n```');
  assert.equal(missing(example!, 'zero\none\ntwo\n'), null);
  assert.equal(missing(example!, 'two\none\n'), 'two');
  assert.throws(() => examplesIn('a.md', '```ts no-run\n```'), /must say why/);
  assert.throws(() => examplesIn('a.md', '```ts\n'), /does not end/);
});
