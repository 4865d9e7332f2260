import { StateError } from '../base/errors.ts';
import { createMemory, type Memory, mapMemory } from '../system/memory.ts';
import { BELL_TABLE_BYTES, Bells } from './bell.ts';
import { Doorbell } from './doorbell.ts';
import { Heap } from './heap.ts';
import { embody, enter, isDead } from './roster.ts';
import { type MappedGround, MappedWord } from './mapped-word.ts';
import type { FutexWord } from './word.ts';

/**
 * The heap that several processes share: one memfd, handed to each child as a descriptor.
 *
 * Its size is fixed when it is made. That costs address space; pages are taken when they are touched.
 */
export class MappedHeap extends Heap implements MappedGround {
  readonly memory: Memory;
  readonly doorbell: Doorbell;
  /** Who this thread is among the threads of all the processes that share the heap: enrolled when it is first asked for. */
  readonly self: { id: number };
  #isEnrolled = false;

  private constructor(memory: Memory) {
    super(memory.buffer, memory.bytes);
    this.memory = memory;
    this.self = lazily(() => {
      this.#isEnrolled = true;
      return enrol(this);
    });
    this.doorbell = new Doorbell(new Bells(this, this.#bellTable()));
  }

  static create(bytes: number): MappedHeap {
    return new MappedHeap(createMemory(bytes));
  }

  static attach(fd: number, bytes: number): MappedHeap {
    return new MappedHeap(mapMemory(fd, bytes));
  }

  /** Whether this thread has a number in it. */
  get isEnrolled(): boolean {
    return this.#isEnrolled;
  }

  get address(): number {
    return this.memory.address;
  }

  isDead(id: number): boolean {
    return isDead(id, this);
  }

  word(offset: number): FutexWord {
    return new MappedWord(this, offset / 4);
  }

  /** It is as long as it will ever be. */
  protected extend(): void {}

  protected override full(message: string): Error {
    return new StateError(
      'ERR_SHARED_MEMORY_FULL',
      `${message}. It is memory that processes share: set MANYCORE_PROCESS_HEAP to more bytes, or put large data into a SharedMemory of its own`,
    );
  }

  /** The first process that asks makes the table; the others find it. */
  #bellTable(): number {
    const root = this.rootOffset('bells') / 4;
    const made = Atomics.load(this.i32, root);
    if (made !== 0) return made * 16;
    const offset = this.allocate(BELL_TABLE_BYTES);
    const before = Atomics.compareExchange(this.i32, root, 0, offset / 16);
    if (before === 0) return offset;
    this.release(offset);
    return before * 16;
  }
}

/** An object whose `id` is found out when it is first read. */
function lazily(find: () => number): { id: number } {
  return {
    get id() {
      const id = find();
      Object.defineProperty(this, 'id', { value: id, writable: true });
      return id;
    },
    set id(id: number) {
      Object.defineProperty(this, 'id', { value: id, writable: true });
    },
  };
}

function enrol(heap: MappedHeap): number {
  const id = enter({ name: `${process.title} (${process.pid})`, daemon: false }, heap);
  embody(id, heap);
  return id;
}
