import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { test } from '../support/test.ts';
import { decode, encode } from '../../src/message/index.ts';
import { SendError } from '../../src/message/send-error.ts';
import { Secret } from './ways/library.ts';

/** What refuses a value, by its code; the message must name what `about` says. */
function refused(value: unknown, code: string, about: RegExp): void {
  assert.throws(
    () => encode(value),
    (error) => {
      assert.ok(error instanceof SendError, String(error));
      assert.equal(error.code, code, error.message);
      assert.match(error.message, about);
      return true;
    },
  );
}

let counter = 0;
const list: number[] = [];

test('a function comes home as the one that left', () => {
  const factor = 3;
  const triple = (x: number): number => x * factor;
  assert.equal(decode(encode(triple).bytes), triple);
  assert.equal(decode(encode(join).bytes), join);
  assert.equal(decode(encode(Map).bytes), Map);
});

test('an assignment to a captured variable that is read elsewhere is refused, with both places and the cure', () => {
  refused(
    () => void counter++,
    'E_CAPTURED_WRITE',
    /assigns to `counter` \(closures\.test\.ts:\d+:\d+\), which is also read at closures\.test\.ts:\d+:\d+; .*SharedValue[^]*\d+ \| +\(\) => void counter\+\+,\n +\| +\^{7}\n?/,
  );
  assert.equal(counter, 0);
});

test('a change of a captured object that is read elsewhere is refused', () => {
  refused(() => list.push(1), 'E_CAPTURED_MUTATION', /`list\.push\(\)`.*copy\(list\)/);
  assert.equal(list.length, 0);
});

test('state that only the function itself uses may change', () => {
  const counting = (() => {
    let own = 0;
    return () => ++own;
  })();
  assert.doesNotThrow(() => encode(counting));
});

test('what belongs to this thread is refused, and the way to it is told', () => {
  const holder = { deep: { stream: process.stdout } };
  refused(() => holder, 'E_NATIVE_HANDLE', /reached through: function .* → captured variable 'holder' → \.deep → \.stream/);
  const pending = Promise.resolve(1);
  refused(() => pending, 'E_PROMISE', /a Promise \(fulfilled\).*[^]*await it first/);
  const weak = new WeakRef({});
  refused(() => weak, 'E_WEAK', /WeakRef/);
  const generator = (function* () {})();
  refused(() => generator, 'E_GENERATOR', /send the generator function/);
});

test('a captured variable that cannot be sent is named, and pointed at where it is used', () => {
  const socket = new Socket();
  const inner = (): boolean => socket.destroyed;
  refused(
    () => inner(),
    'E_NATIVE_HANDLE',
    /a Socket belongs to this thread[^]*→ function inner \(.*closures\.test\.ts:\d+:\d+\) → captured variable 'socket'\n +at .*closures\.test\.ts:\d+:\d+\n[^]*=> socket\.destroyed;\n +\| +\^{6}\n +help: open it inside the thread/,
  );
});

test('what a function takes from the function around it, and V8 does not show, is refused', () => {
  const around = function (this: object): unknown {
    // oxlint-disable-next-line typescript/no-this-alias
    return () => this;
  };
  refused(around.call({}), 'E_LEXICAL_THIS', /const self = this/);
});

test('an instance with private state of a class that is imported is refused, and told how to say it', () => {
  refused(new Secret(5), 'E_PRIVATE_STATE', /instance of Secret has private fields \(#key\).*\n.*manycore\.reduce/s);
});
