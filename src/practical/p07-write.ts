// To a program that runs beside us: its input.
import { PIPE, Popen } from 'manycore/subprocess';

console.log('write:');
const proc = new Popen(['cat', '-'], { stdin: PIPE });
await proc.communicate('stdin: to stdin\n');
