// The output of a program, as bytes.
import { PIPE, run } from 'manycore/subprocess';

const completed = await run(['ls', '-lahF'], { stdout: PIPE });
console.log('returncode:', completed.returnCode);
console.log(`Have ${completed.stdout.length} bytes in stdout:\n${completed.stdout.toString()}`);
