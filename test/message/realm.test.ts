import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import vm from 'node:vm';
import { Queue } from 'manycore/queue';
import { far } from './ways/far.ts';
import { copies } from './copies.ts';
import { SendError } from '../../src/message/send-error.ts';
import { test } from '../support/test.ts';

/* Values and functions of another context of node:vm: test runners such as Jest run what they test in one. */
const inside = (text: string): never => vm.runInContext(`(${text})`, context) as never;
const context = vm.createContext({ console, process });

test("the language's objects of another realm arrive as this one's", async () => {
  const text = `{
    plain: { a: 1, n: [1, 2.5, , 'x'] }, map: new Map([[1, { k: 1 }]]), set: new Set(['s']), date: new Date(5), regexp: /a+/gi, buffer: new Uint8Array([1, 2]).buffer,
    bytes: new Uint8Array([7]), view: new DataView(new ArrayBuffer(2)), doubles: new Float64Array([0.5]), boxed: new Number(4), bare: Object.assign(Object.create(null), { b: 1 }), big: 3n,
  }`;
  const value: Record<string, object> = inside(text);
  assert.notEqual(Object.getPrototypeOf(value['plain']!), Object.prototype);
  for (const copy of await copies(value)) assert.deepEqual(copy, vm.runInThisContext(`(${text})`));
});

test('errors of another realm keep class, message, stack, cause and properties', async () => {
  const error: Error = inside(`Object.assign(new RangeError('far', { cause: new TypeError('why') }), { code: 'E_FAR' })`);
  assert.equal(error instanceof Error, false);
  for (const copy of await copies(error)) {
    assert.ok(copy instanceof RangeError && copy.cause instanceof TypeError);
    assert.deepEqual(
      [copy.message, (copy as { code?: string }).code, copy.cause.message, copy.stack],
      ['far', 'E_FAR', 'why', error.stack],
    );
  }
});

test('functions and classes of another realm travel with what they capture, also of its own functions', async () => {
  const [count, Mine, made]: [() => unknown, new () => Error, object] = inside(`(() => {
    const { max } = Math, list = Array, known = new Map([['k', [1, 2]]]), symbol = Symbol.iterator;
    class Mine extends Error { constructor() { super('mine'); this.extra = [max(1, 2)]; } }
    class Point { constructor(x) { this.x = x; } plus(n) { return new Point(this.x + n); } }
    const point = new Point(2);
    return [() => [max(...known.get('k')), list.from(known.keys()), typeof [][symbol], point.plus(3).x], Mine, point];
  })()`);
  assert.deepEqual(await far(count), [2, ['k'], 'function', 5]);
  assert.deepEqual(
    await far((One: typeof Mine) => {
      const one = new One();
      return [one instanceof Error, one.message, (one as unknown as { extra: unknown }).extra];
    }, Mine),
    [true, 'mine', [2]],
  );
  const back = (await far((one: object) => one, made)) as object;
  assert.equal(Object.getPrototypeOf(back), Object.getPrototypeOf(made));
});

test("what looks like the language's, and is not, is no object of another realm", async () => {
  const forged: object = inside(`Object.create({ constructor: class Map {} })`);
  assert.ok(Object.keys(await far((one: object) => one, forged)).length === 0);
  const closed = vm.createContext({}, { codeGeneration: { strings: false, wasm: false } });
  const value = vm.runInContext('({ a: new Map([[1, 2]]) })', closed) as object;
  await assert.rejects(
    far((given: unknown) => given, value),
    (error) => error instanceof SendError,
  );
});

test('what a test runner puts around an import, a Proxy whose target is the namespace, travels as that', async () => {
  const nodes = await import('node:path');
  const programs = await import('./ways/library.ts');
  const around = <N extends object>(namespace: N, byDefault: unknown): N =>
    new Proxy(namespace, {
      get: (module, name) => (name === 'default' ? byDefault : Reflect.get(module, name)),
      has: (module, name) => name === 'default' || name in module,
    }) as N;
  const [path, library] = [around(nodes, nodes.default), around(programs, programs.handlers)];
  const found = await far(() => [
    path.default.sep,
    path.basename('/a/b'),
    library.helper(1),
    'default' in library,
    (library.default as unknown as typeof programs.handlers).double(4),
  ]);
  assert.deepEqual(found, ['/', 'b', 11, true, 8]);
});

test("where `require` is a test runner's own, the package is the one that `import` gives", () => {
  const require = createRequire(import.meta.url);
  const load = (file: string): unknown => {
    const module = { exports: {} };
    const run = vm.runInContext(Module.wrap(readFileSync(file, 'utf8')), context) as (...args: unknown[]) => void;
    const requireHere = (id: string): unknown => (id.startsWith('.') ? load(join(dirname(file), id)) : (require(id) as unknown));
    run(module.exports, requireHere, module, file, dirname(file));
    return module.exports;
  };
  assert.equal((load(require.resolve('manycore/queue')) as { Queue: unknown }).Queue, Queue);
});
