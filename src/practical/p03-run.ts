// Run a program, and see how it ended. Its output goes where ours goes.
import { run } from 'manycore/subprocess';

const completed = await run(['ls', '-lahF']);
console.log('returncode:', completed.returnCode);
