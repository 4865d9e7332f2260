import assert from 'node:assert/strict';
import { allTasks, Future, sleep } from '../../src/asyncio/index.ts';
import { test as plainTest } from '../support/test.ts';

const unhandled: unknown[] = [];
process.on('unhandledRejection', (error) => unhandled.push(error));

/** A test that leaves no task behind, and no rejection that nobody handles. */
export function test(name: string, body: () => void | Promise<void>): void {
  plainTest(name, async () => {
    await body();
    await step();
    assert.deepEqual(
      [...allTasks()].map((task) => task.name),
      [],
      'tasks are left',
    );
    assert.deepEqual(unhandled.splice(0), [], 'rejections are unhandled');
  });
}

/** Lets everything that is ready run. */
export const step = (): Promise<void> => sleep(0);

/** Waits for what never comes: until it is cancelled. */
export const forever = async (): Promise<never> => await new Future<never>();

export class Boom extends Error {}

export function boom(message = 'boom'): never {
  throw new Boom(message);
}

/** Awaits a thenable inside, for `assert.rejects` wants a promise. */
export async function rejects(awaitable: PromiseLike<unknown>, expected: RegExp | object | ((error: never) => boolean)): Promise<void> {
  await assert.rejects(async () => await awaitable, expected as object);
}
