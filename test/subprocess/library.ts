import type { TestContext } from 'node:test';
import { hasLibrary, whyNoLibrary } from '../../src/system/library.ts';
import { test } from '../support/test.ts';

/** Whether commands are started through the C library here; if not, by Node's child_process. */
export const isNative = hasLibrary();

/** A test of what only the C library makes possible. */
export function nativeTest(name: string, body: (context: TestContext) => void | Promise<void>): void {
  test(name, (context) => (isNative ? body(context) : context.skip(whyNoLibrary()!)));
}
