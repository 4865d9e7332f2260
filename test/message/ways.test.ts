import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from '../support/test.ts';
import { type Way, ways } from './ways/ways.ts';

/*
 * The same cases, in every way in which a program can be run: what must travel does, and what must be refused is.
 */
function outcomesOf({ args, env = {} }: Way): Map<string, string> {
  const { stdout, stderr, status, signal } = spawnSync(process.execPath, args(), {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    timeout: 50_000,
  });
  const lines = stdout.split('\n');
  const outcomes = new Map<string, string>();
  for (const line of lines) {
    if (line.startsWith('BEGIN ')) outcomes.set(JSON.parse(line.slice(6)) as string, `did not end (${status ?? signal})`);
    if (line.startsWith('END ')) outcomes.set(...(JSON.parse(line.slice(4)) as [string, string]));
  }
  assert.equal(stderr.replaceAll(/^(Debugger listening|For help|Waiting for the debugger|Debugger ending).*\n/gm, ''), '');
  return outcomes;
}

for (const way of ways) {
  test(`every function travels or is refused as it should: ${way.name}`, (context) => {
    const reason = way.unavailable?.();
    if (reason !== undefined) {
      context.skip(reason);
      return;
    }
    const outcomes = outcomesOf(way);
    const failures = [...outcomes].filter(([, outcome]) => outcome !== 'ok' && !(way.differences ?? []).includes(outcome));
    assert.deepEqual(Object.fromEntries(failures), {});
    assert.equal(outcomes.size, 93);
  });
}
