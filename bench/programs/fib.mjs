import { timed } from './timed.mjs';

function fib(n) {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

timed((scale) => fib(scale < 1 ? 27 : 32));
