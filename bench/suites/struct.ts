import { repeated } from '../harness/stopwatch.ts';
import type { Contender, Suite } from '../harness/suite.ts';
import { float64, int32, SharedArray, SharedStruct, utf8 } from 'manycore/threading';

class Point extends SharedStruct({ x: int32, y: float64, name: utf8(32) }) {}

/** What is read must be used, or the engine leaves the loop out. */
let sink = 0;

function reader(name: string, make: () => (times: number) => number, isFloor = false): Contender {
  return {
    name,
    isFloor,
    run: ({ count }) =>
      repeated(
        (
          (turn) => (times: number) =>
            void (sink += turn(times))
        )(make()),
        count(50e6),
      ),
  };
}

const suite: Suite = {
  name: 'struct',
  about: 'One field of something shared, read or written once.',
  lines: [
    {
      name: 'read a number',
      unit: 'ns',
      aim: { within: 2, of: 'Int32Array' },
      contenders: [
        reader('manycore SharedStruct', () => {
          const point = new Point({ x: 3 });
          return (times) => {
            let sum = 0;
            for (let i = 0; i < times; i++) sum = (sum + point.x) | 0;
            return sum;
          };
        }),
        reader('manycore SharedArray', () => {
          const array = new SharedArray(int32, 16);
          return (times) => {
            let sum = 0;
            for (let i = 0; i < times; i++) sum = (sum + array.at(i & 15)!) | 0;
            return sum;
          };
        }),
        reader(
          'Int32Array',
          () => {
            const array = new Int32Array(new SharedArrayBuffer(64));
            return (times) => {
              let sum = 0;
              for (let i = 0; i < times; i++) sum = (sum + array[i & 15]!) | 0;
              return sum;
            };
          },
          true,
        ),
        reader(
          'DataView',
          () => {
            const view = new DataView(new SharedArrayBuffer(64));
            return (times) => {
              let sum = 0;
              for (let i = 0; i < times; i++) sum = (sum + view.getInt32(4, true)) | 0;
              return sum;
            };
          },
          true,
        ),
        reader(
          'Atomics.load',
          () => {
            const array = new Int32Array(new SharedArrayBuffer(64));
            return (times) => {
              let sum = 0;
              for (let i = 0; i < times; i++) sum = (sum + Atomics.load(array, i & 15)) | 0;
              return sum;
            };
          },
          true,
        ),
        { name: 'CPython multiprocessing.Value', python: 'struct_field.py', what: 'read' },
      ],
    },
    {
      name: 'write a number',
      unit: 'ns',
      aim: { within: 2, of: 'Int32Array' },
      contenders: [
        reader('manycore SharedStruct', () => {
          const point = new Point();
          return (times) => {
            for (let i = 0; i < times; i++) point.x = i;
            return point.x;
          };
        }),
        reader(
          'Int32Array',
          () => {
            const array = new Int32Array(new SharedArrayBuffer(64));
            return (times) => {
              for (let i = 0; i < times; i++) array[3] = i;
              return array[3]!;
            };
          },
          true,
        ),
        { name: 'CPython multiprocessing.Value', python: 'struct_field.py', what: 'write' },
      ],
    },
    {
      name: 'read a text of 10 characters',
      unit: 'ns',
      contenders: [
        {
          name: 'manycore SharedStruct',
          run({ count }) {
            const point = new Point({ name: 'manycores!' });
            return repeated((times) => {
              for (let i = 0; i < times; i++) sink += point.name.length;
            }, count(1e6));
          },
        },
        { name: 'CPython multiprocessing.Array', python: 'struct_field.py', what: 'text' },
      ],
    },
  ],
};
export default suite;
