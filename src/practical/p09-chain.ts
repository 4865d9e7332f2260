// Programs in a row, as with | in a shell: the kernel carries the bytes from one to the next, and we read the last.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PIPE, Popen } from 'manycore/subprocess';

const folder = mkdtempSync(join(tmpdir(), 'practical-'));
const file = join(folder, 'mydemo.txt');
writeFileSync(file, 'this is a text:1:first.txt\nanother line:2:none.txt\nthis is a text:3:second.txt\n');

const cat = new Popen(['cat', file], { stdout: PIPE });
const grep = new Popen(['grep', 'this is a text'], { stdin: cat.stdout, stdout: PIPE });
const cut = new Popen(['cut', '-f', '3', '-d:'], { stdin: grep.stdout, stdout: PIPE, text: true });

console.log('Included files:');
for await (const line of cut.stdout.lines()) console.log(line.trim());

await Promise.all([cat.wait(), grep.wait(), cut.wait()]);
rmSync(folder, { recursive: true });
