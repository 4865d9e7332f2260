import { exitAtOnce } from '../../src/system/exit-at-once.ts';
import { hasLibrary } from '../../src/system/library.ts';
import { say } from './watchdog.ts';

/*
 * A test's process ends when all listeners for its exit have been called. Node would wait for its compiler's threads then, and they at times for a
 * collection of garbage that never comes (https://github.com/nodejs/node/issues/54918): the tests have passed, and their process stays.
 * What our own listeners wait for is waited for as ever. Programs that tests run end as users' programs do.
 */
const { emit } = process;
const writesAtEnd = process.env['NODE_V8_COVERAGE'] !== undefined || process.execArgv.some((flag) => /-prof|trace-event/.test(flag));

if (!writesAtEnd)
  process.emit = function (this: NodeJS.Process, name: string, ...args: unknown[]): boolean {
    if (name === 'beforeExit' || name === 'exit') say(`the listeners for ${name}`);
    const isHeard = (emit as (...all: unknown[]) => boolean).call(this, name, ...args);
    if (name === 'exit' && hasLibrary()) exitAtOnce(Number(process.exitCode ?? 0));
    return isHeard;
  } as typeof process.emit;
