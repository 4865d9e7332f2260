// From a program that runs beside us: its output.
import { inspect } from 'node:util';
import { PIPE, Popen } from 'manycore/subprocess';

console.log('read:');
const proc = new Popen(['echo', '"to stdout"'], { stdout: PIPE });
const { stdout } = await proc.communicate();
console.log('stdout:', inspect(stdout.toString()));
