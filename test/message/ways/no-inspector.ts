import { capture, Thread } from 'manycore/threading';
import { far } from './far.ts';
import { helper } from './library.ts';

/* A program for a Node that lets nobody look into functions. */
const factor = Number('3');

console.log(await far(helper, 1));
console.log(
  await far(
    capture({ factor }, (x: number) => x * factor),
    14,
  ),
);
console.log(await far((x: number) => x, 14));
try {
  new Thread({ target: () => factor }).start();
} catch (error) {
  const { code, message } = error as Error & { code: string };
  console.log(code, message);
}
