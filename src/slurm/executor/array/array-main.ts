/*
 * The first code of one element of an array: `node array-main.js FOLDER ATTEMPT [ELEMENT]`. It does the items of its element that no earlier
 * attempt has done, and writes down each result when it is there: what was done before a kill is done.
 */
import { closeSync, fsyncSync, openSync, readFileSync, readSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { version } from '../../../base/version.ts';
import { setMainModule } from '../../../message/closures/index.ts';
import { StateError } from '../../../base/errors.ts';
import { CODE, FAILED } from '../../channel/codes.ts';
import { RecordReader, RecordWriter } from '../../channel/records.ts';
import { outcome as outcomeOf, OUTCOME_HEADER, work } from '../manager/work.ts';
import { beginArrayTask, endArrayTask } from './checkpoint.ts';
import { readManifest, syncFolder } from './manifest.ts';
import { readResults, resultFiles } from './results.ts';
import { writeAll } from '../../../host/thread/output.ts';

/** Results are on the disk after so long at the latest, as far as the system keeps its word. */
const SYNC_MS = 1000;

const STREAM = new StateError(
  'ERR_ARRAY_STREAM',
  'a task of an array yields, and nobody is there to read it: return a list, or use SlurmExecutor',
);

const [, , folder = '.', attempt = '0'] = process.argv;
const element = Number(process.argv[4] ?? process.env['SLURM_ARRAY_TASK_ID']);
const manifest = readManifest(folder);
if (manifest.version !== version) {
  process.stderr.write(`this is manycore ${version}, and the run was made by ${manifest.version}: both have to be the same\n`);
  process.exit(3);
}
setMainModule(manifest.main);
process.argv.splice(1, process.argv.length, ...manifest.argv.slice(1));
try {
  process.chdir(manifest.cwd);
} catch (error) {
  process.stderr.write(`the folder of the program is not here: ${(error as Error).message}\n`);
}

const done = new Set<number>();
for (const file of resultFiles(folder, element)) readResults(file, (item) => done.add(item));

const { offset, bytes } = manifest.elements[element]!;
const input = Buffer.allocUnsafeSlow(bytes);
const inputFile = openSync(join(folder, 'input'), 'r');
for (let at = 0; at < bytes;) at += readSync(inputFile, input, at, bytes - at, offset + at);
closeSync(inputFile);
const todo: { readonly how: number; readonly item: number; readonly body: Buffer }[] = [];
new RecordReader((how, item, _extra, body) => {
  if (!done.has(item)) todo.push({ how, item, body });
}).push(input);

// A job that Slurm puts back begins again under the same number.
const restarts = process.env['SLURM_RESTART_COUNT'] ?? '0';
const path = join(folder, 'results', `${element}-${attempt}.${restarts}`);
const part = openSync(`${path}.part`, 'w', 0o600);
const fn = readFileSync(join(folder, 'function'));
// Slurm says so before it takes the node for others, and puts the element back when it has had to end it; not when it has ended by itself.
process.on('SIGTERM', () => void process.stderr.write('SIGTERM: the element goes on until it is ended\n'));
const writer = new RecordWriter();
let synced = performance.now();

for (const [i, { how, item, body }] of todo.entries()) {
  beginArrayTask(folder, item);
  const made = await work(0, i === 0 ? fn : null, how, body);
  const outcome = Buffer.isBuffer(made) ? made : outcomeOf(FAILED, STREAM);
  writer.add(CODE.result, item, outcome[0]!, outcome.subarray(OUTCOME_HEADER));
  const records = writer.take();
  writeAll(part, records);
  endArrayTask();
  if (performance.now() - synced < SYNC_MS) continue;
  fsyncSync(part);
  synced = performance.now();
}
fsyncSync(part);
closeSync(part);
renameSync(`${path}.part`, path);
syncFolder(join(folder, 'results'));
process.exit(0);
