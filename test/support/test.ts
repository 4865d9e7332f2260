import { test as nodeTest, type TestContext } from 'node:test';
import './end.ts';
import { watch } from './watchdog.ts';

export { after, afterEach } from 'node:test';

type Body = (context: TestContext) => void | Promise<void>;

/** `test` of node:test, under the watchdog. A name is a sentence about behaviour; ids of ASSERTIONS stand in brackets at its end. */
export function test(name: string, body: Body): void {
  void nodeTest(name, async (context) => {
    watch(name);
    try {
      await body(context);
    } finally {
      watch(`after: ${name}`);
    }
  });
}
