// A program that fails is an error when that is asked for.
import { CalledProcessError, run } from 'manycore/subprocess';

try {
  await run(['false'], { check: true });
} catch (error) {
  if (error instanceof CalledProcessError) console.log('ERROR:', error.message);
}
