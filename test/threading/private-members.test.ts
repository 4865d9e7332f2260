import assert from 'node:assert/strict';
import { endForkServer } from '../../src/host/process/fork/fork-server.ts';
import { getContext } from '../../src/multiprocessing/index.ts';
import { int32, SharedArray, Thread } from '../../src/threading/index.ts';
import { after, test } from '../support/test.ts';
import { Counter } from './counter.ts';

after(endForkServer);

test('an object of a class that extends Thread has its private members in the thread, of an imported class, too', async () => {
  for (let i = 0; i < 2; i++) {
    const result = new SharedArray(int32, 3);
    const thread = new Counter(9, result).faster();
    thread.start();
    await thread.join();
    assert.deepEqual([...result.view], [0 + 3 + 6 + 9, 7, 1]);
  }
});

test('a private member that bears the name of one of ours is its own', async () => {
  const result = new SharedArray(int32, 1);
  class Named extends Thread {
    readonly #record = 5;
    readonly #work = 6;
    override run(): void {
      result.view[0] = this.#record * 10 + this.#work;
    }
  }
  const thread = new Named();
  thread.start();
  await thread.join();
  assert.equal(result.view[0], 56);
});

for (const method of ['spawn', 'forkserver'] as const) {
  test(`an object of a class that extends Process has its private members in the process (${method})`, async () => {
    const { Process } = getContext(method);
    class Exits extends Process {
      readonly #code: number;
      constructor(code: number) {
        super();
        this.#code = code;
      }
      override run(): void {
        process.exit(this.#code);
      }
    }
    const child = new Exits(7);
    child.start();
    await child.join();
    assert.equal(child.exitCode, 7);
  });
}
