import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beyondNode } from '../../src/cli/beyond-node.ts';
import { LONG } from '../support/patience.ts';
import { after, test } from '../support/test.ts';

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'manycore-run-'));
after(() => rmSync(folder, { recursive: true }));
const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
mkdirSync(join(folder, 'lib'));
write('package.json', '{"type":"module"}');
write('tsconfig.json', '{"compilerOptions":{"paths":{"@lib/*":["./lib/*"]}}}');
write('lib/shape.ts', 'export interface Shape { readonly side: number }\nexport const area = (shape: Shape): number => shape.side ** 2;');
write('data.json', '{"side":3}');

function run(...args: string[]): { readonly stdout: string; readonly stderr: string; readonly status: number | null } {
  return spawnSync(process.execPath, [main, 'run', ...args], { cwd: folder, encoding: 'utf8', timeout: LONG, input: 'from stdin' });
}

test('run runs all of TypeScript: decorators, enums, unmarked types, using, paths, JSON, names without ends', () => {
  write(
    'all.ts',
    `import { Shape, area } from './lib/shape';
     import { area as again } from '@lib/shape';
     import data from './data.json';
     enum Color { red = 'RED' }
     const loud = (method: (this: Job) => string, _: ClassMethodDecoratorContext) => function (this: Job): string { return method.call(this) + '!'; };
     class Job { constructor(private readonly name: string) {} @loud run(): string { return this.name; } }
     { using held = { [Symbol.dispose ?? Symbol.for('Symbol.dispose')]() { console.log('released'); } } as Disposable; void held; }
     const shape: Shape = data;
     console.log(area(shape), again({ side: 4 }), Color.red, new Job('job').run(), process.argv.slice(2).join());`,
  );
  const { stdout, stderr, status } = run('all.ts', '--flag', 'a b');
  assert.equal(stdout, 'released\n9 16 RED job! --flag,a b\n', stderr);
  assert.equal(status, 0);
});

test('what Node can run by itself is left to it; what it can not is found, also in a file that is imported', (context) => {
  if (typeof (process.features as { readonly typescript?: unknown }).typescript !== 'string')
    return context.skip('this Node takes no types out: tsx runs all of TypeScript');
  const found = (text: string): string | null => {
    write('probe.ts', text);
    return beyondNode(join(folder, 'probe.ts'));
  };
  assert.equal(found(`import { area, type Shape } from './lib/shape.ts'; const s: Shape = { side: 1 }; console.log(area(s));`), null);
  assert.equal(found(`import data from './data.json' with { type: 'json' }; import 'node:fs'; export const x: number = data.side;`), null);
  for (const [text, words] of [
    ['enum A { b }', /syntax that is more than types/],
    ['class A { @x y() {} }', /syntax that is more than types/],
    ['class A { constructor(private x: number) {} }', /syntax that is more than types/],
    [`import { Shape } from './lib/shape.ts'; let s: Shape;`, /the import of Shape, which may be a type/],
    [`import { area } from './lib/shape.js'; area({ side: 1 });`, /the import of \.\/lib\/shape\.js, which is .*shape\.ts/],
    [`import { area } from './lib/shape'; area({ side: 1 });`, /the import of \.\/lib\/shape, which is/],
    [`import { area } from '@lib/shape'; area({ side: 1 });`, /the import of @lib\/shape, a path of tsconfig\.json/],
    [`import data from './data.json'; console.log(data);`, /without an attribute/],
  ] as const)
    assert.match(found(text) ?? '', words, text);
  write('inner.ts', 'export enum Inner { a }');
  assert.match(found(`import { Inner } from './inner.ts'; console.log(Inner.a);`) ?? '', /inner\.ts: syntax/);
});

test('arguments, stdin, the exit code and a death by signal are those of the program', () => {
  write('echo.ts', `let text: string = ''; for await (const piece of process.stdin) text += piece; console.log(text); process.exit(7);`);
  const echoed = run('echo.ts');
  assert.equal(echoed.stdout, 'from stdin\n', echoed.stderr);
  assert.equal(echoed.status, 7);
  write('dies.mjs', `process.kill(process.pid, 'SIGTERM'); setTimeout(() => {}, 1e6);`);
  const died = spawnSync(process.execPath, [main, 'run', 'dies.mjs'], { cwd: folder, timeout: LONG });
  assert.ok(died.signal === 'SIGTERM' || died.status === 143);
});

test('a signal reaches the program once, and the program decides what it means', async () => {
  write(
    'signals.mjs',
    `process.on('SIGINT', () => { console.log('clearing up'); setTimeout(() => process.exit(5), 100); }); console.log('ready'); setInterval(() => {}, 1e6);`,
  );
  const child = spawn(process.execPath, [main, 'run', 'signals.mjs'], { cwd: folder, timeout: LONG, killSignal: 'SIGKILL' });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (stdout === '') child.kill('SIGINT');
    stdout += text;
  });
  const status = await new Promise((ended) => child.once('close', ended));
  assert.equal(stdout, 'ready\nclearing up\n');
  assert.equal(status, 5);
});
