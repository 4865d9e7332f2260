import * as threading from '../threading/index.ts';
import type { FieldType } from '../threading/index.ts';
import { processHeap } from '../word/process-heap.ts';
import { liesInProcessHeap } from './process-shared.ts';

/**
 * One value of a fixed type that processes share, with a re-entrant lock of its own: `new Value(int32, 0)`. Reading and
 * writing a number is one step; `value.value++` is two: do it under `value.lock`, or with `value.add(1)`.
 */
export class Value<T> extends threading.SharedValue<T> {
  constructor(type: FieldType<T>, initial?: T) {
    super(type, initial, processHeap());
  }
  static override [Symbol.hasInstance](value: unknown): boolean {
    return liesInProcessHeap(value, threading.SharedValue);
  }
}

/**
 * Numbers of one type that processes share, with a re-entrant lock of their own: `new Array(float64, 1_000_000)`, or with
 * the numbers themselves. `view` is a typed array on the shared memory: nothing is copied.
 */
export class SharedArray<T extends number | bigint = number> extends threading.SharedArray<T> {
  constructor(type: FieldType<T>, content: number | Iterable<T>) {
    super(type, content, processHeap());
  }
  static override [Symbol.hasInstance](value: unknown): boolean {
    return liesInProcessHeap(value, threading.SharedArray);
  }
}

/** As `SharedStruct` of `manycore/threading`, for processes: `class Counter extends SharedStruct({ value: int32, lock: Lock })`. */
export function SharedStruct<const S extends threading.Schema>(schema: S): threading.StructClass<S> {
  const base = threading.SharedStruct(schema) as unknown as new (initial: unknown, heap?: unknown) => object;
  class ProcessStruct extends base {
    constructor(initial?: unknown) {
      super(initial, processHeap());
    }
  }
  return ProcessStruct as unknown as threading.StructClass<S>;
}
