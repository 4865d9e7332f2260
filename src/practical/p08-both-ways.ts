// Both ways: what goes in comes out.
import { inspect } from 'node:util';
import { PIPE, Popen } from 'manycore/subprocess';

console.log('popen2:');
const proc = new Popen(['cat', '-'], { stdin: PIPE, stdout: PIPE, text: true });
const { stdout } = await proc.communicate('through stdin to stdout');
console.log('pass through:', inspect(stdout));
