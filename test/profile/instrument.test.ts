import assert from 'node:assert/strict';
import { beginTiming, takeTimes } from '../../src/profile/instrument/timing.ts';
import { instrument } from '../../src/profile/instrument/instrument.ts';
import { recorderOf } from '../../src/profile/instrument/recorder.ts';
import { test } from '../support/test.ts';

beginTiming();
(globalThis as Record<string, unknown>)['recorderOfTest'] = recorderOf;
let scripts = 0;

/** Runs a module whose default export is what it has computed, as it is written and instrumented. */
async function both(source: string): Promise<{ readonly plain: unknown; readonly instrumented: unknown; readonly url: string }> {
  const url = `test:${++scripts}`;
  const text = instrument(source, 'module', (functions) => `recorderOfTest(${JSON.stringify(url)},${JSON.stringify(functions)})`);
  assert.ok(text !== null);
  assert.equal(text.split('\n').length - 1, source.split('\n').length, 'lines stay where they are');
  const run = async (code: string): Promise<unknown> =>
    ((await import(`data:text/javascript,${encodeURIComponent(code)}`)) as { default: unknown }).default;
  return { plain: await run(source), instrumented: await run(text), url };
}

const PROGRAMS: Readonly<Record<string, string>> = {
  'functions, arrows and what they give': `
    function plain(a, b = (() => 2)()) { return a + b }
    const arrow = a => a * 2, object = (a) => ({ a }), nested = a => b => c => a + b + c
    const commented = a => /* => { */ a // => {
    export default [plain(1), arrow(2), object(3).a, nested(1)(2)(3), commented(4), (function () { return arguments.length })(1, 2)]`,
  'statements without semicolons': `
    const said = []
    const say = async word => { said.push(word) }
    let x = 1
    await say('one')
    x++
    await say('two'); [3].forEach(n => said.push(n))
    const f = async () => { let y = x
      await null
      return y }
    export default [said, await f(), x]`,
  'classes with all that they may have': `
    const made = []
    class Base { constructor(n) { this.n = n } get double() { return this.n * 2 } set double(v) { this.n = v / 2 } static of(n) { return new this(n) } }
    class Derived extends Base { #secret = (() => 7)(); static list = [1].map(n => n + 1); static { made.push('static') }
      constructor(n) { super(n); this.m = n } ['com' + 'puted']() { return this.#secret } *each() { yield this.m; yield* [1, 2] } async later() { return await this.m } }
    const one = Derived.of(5); one.double = 8
    export default [made, one.n, one.m, one.double, one.computed(), [...one.each()], await one.later(), Derived.list]`,
  'errors, finally, and awaits within': `
    const log = []
    async function fails(n) { try { if (n) await Promise.reject(new Error('no')); else throw new TypeError('yes'); return 1 } catch (error) { log.push(error.message); return await 2 } finally { await null; log.push('finally') } }
    function through() { try { throw 1 } catch { return 'caught' } finally { log.push('sync') } }
    export default [await fails(true), await fails(false), through(), log]`,
  'generators, their returns and throws': `
    function* three() { try { const got = yield 1; yield got; yield } finally { log.push('end') } }
    const log = []
    const it = three(); const seen = [it.next().value, it.next('in').value, it.return(9).value]
    const other = three(); other.next(); let thrown = ''
    try { other.throw(new Error('x')) } catch (error) { thrown = error.message }
    async function* slow() { for (let i = 0; i < 3; i++) { await null; yield i } }
    const got = []
    for await (const i of slow()) got.push(i)
    async function sum() { let total = 0; for await (const i of slow()) { total += i }
      return total }
    export default [seen, thrown, log, got, await sum()]`,
  'directives, labels and names of every kind': `'use strict'
    function strict() { 'use strict'; return this === undefined }
    const jumps = () => { outer: for (const i of [1, 2]) { for (;;) { if (i === 2) break outer; continue outer } } return 'out' }
    const { a = () => 3, ...rest } = { b: function () { return 4 } }
    export default [strict(), jumps(), a(), rest.b(), a.name, rest.b.name, new (class { x = () => 1 })().x.name, (() => {}).name]`,
};

for (const [what, source] of Object.entries(PROGRAMS)) {
  test(`an instrumented script does what it did: ${what}`, async () => {
    const { plain, instrumented } = await both(source);
    assert.deepEqual(instrumented, plain);
  });
}

test('what cannot be parsed runs as it is', () => {
  assert.equal(
    instrument('const x: number = 1;', 'module', () => ''),
    null,
  );
});

test('calls are counted exactly, from whom they came, and recursion keeps its time once', async () => {
  takeTimes();
  const { url } = await both(`
    function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2) }
    const start = () => fib(15)
    export default start()`);
  const { functions, edges, primitive } = takeTimes();
  const id = (name: string): number => functions.findIndex((one) => one.url === url && one.name === name);
  const [fib, start] = [id('fib'), id('start')];
  assert.deepEqual(
    edges.filter(([, callee]) => callee === fib).map(([caller, , calls]) => [caller, calls]),
    [
      [start, 1],
      [fib, 1972],
    ].toSorted(([a], [b]) => a! - b!),
  );
  assert.equal(functions[fib]!.line, 1);
  const cumulative = (callee: number): number => edges.filter((edge) => edge[1] === callee).reduce((sum, edge) => sum + edge[3], 0);
  const self = (callee: number): number => edges.filter((edge) => edge[1] === callee).reduce((sum, edge) => sum + edge[4], 0);
  assert.ok(cumulative(fib) >= self(fib) * 0.99, `cumulative ${cumulative(fib)}, itself ${self(fib)}`);
  assert.equal(primitive![fib], 1);
  assert.ok(cumulative(start) >= cumulative(fib));
});

test('an async function has the time that it ran, and not what it waited', async () => {
  takeTimes();
  const { url } = await both(`
    const busy = (ms) => { const until = performance.now() + ms; while (performance.now() < until); }
    async function work() { busy(10); await new Promise((done) => setTimeout(done, 60)); busy(10) }
    export default await Promise.all([work(), work()])`);
  const { functions, asyncCalls, edges } = takeTimes();
  const work = functions.findIndex((one) => one.url === url && one.name === 'work');
  const [tally] = asyncCalls.filter(({ id }) => id === work);
  assert.ok(tally !== undefined);
  assert.equal(tally.calls, 2);
  assert.equal(tally.atOnceMax, 2);
  assert.ok(tally.onCpu >= 40 && tally.wall - tally.onCpu >= 80, JSON.stringify(tally));
  const [edge] = edges.filter(([, callee]) => callee === work);
  assert.ok(edge![3] >= 40_000 && edge![3] < tally.wall * 1000, JSON.stringify({ edge, tally }));
});
