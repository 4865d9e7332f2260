// A function under the profiler: after each call a table of where the time went; what it returns and throws is passed on.
import { profile } from 'manycore/profile';

function fibonacci(n: number): number {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

const compute = profile({ mode: 'counts' })(function compute(n: number): number {
  return fibonacci(n);
});
const fail = profile({ mode: 'counts' })(function fail(): void {
  throw new RangeError('as it must');
});

console.log('result:', compute(30));
try {
  fail();
} catch (error) {
  console.log('raised:', String(error));
}
