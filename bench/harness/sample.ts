/*
 * One sample, in a process of its own: `sample.js <suite> <line> <contender> <scale>`. Prints it as JSON, after a mark that
 * no library prints.
 */
import { writeSync } from 'node:fs';
import { loadSuite } from '../suites/index.ts';
import { MARK } from './outside.ts';

const [suiteName = '', lineName = '', contenderName = '', scale = '1'] = process.argv.slice(2);
const suite = await loadSuite(suiteName);
const line = suite.lines.find(({ name }) => name === lineName);
const contender = line?.contenders.find(({ name }) => name === contenderName);
if (contender === undefined || !('run' in contender)) throw new Error(`no contender ${suiteName} / ${lineName} / ${contenderName}`);
const measured = await contender.run({ count: (full) => Math.max(1, Math.round(full * Number(scale))) });
writeSync(1, `${MARK}${JSON.stringify(measured)}\n`);
// Pools of others may keep the process alive.
process.exit(0);
