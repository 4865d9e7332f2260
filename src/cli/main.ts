#!/usr/bin/env node
import { asked } from './commands.ts';
import { UsageError } from './usage-error.ts';

/*
 * manycore <command> [arguments]: the first word is the command, the rest is its own.
 *
 * Exit codes: 0 all is well, 1 something failed, 2 the command line could not be understood.
 */
const words = process.argv.slice(2);

try {
  const run = asked(words);
  if (run === undefined) throw new UsageError(`there is no command ${words.find((word) => word !== 'help')}: manycore --help lists them`);
  process.exitCode = await run();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`manycore: ${error.message}`);
  process.exitCode = 2;
}
