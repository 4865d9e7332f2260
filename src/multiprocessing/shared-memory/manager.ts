import { StateError } from '../../base/errors.ts';
import { ShareableList, type ShareableItem } from './shareable-list.ts';
import { SharedMemory } from './shared-memory.ts';

/**
 * Makes shared memory with a name, and unlinks all of it at its end: Python's `multiprocessing.managers.SharedMemoryManager`. It needs no process of
 * its own: what is left by a process that is killed is unlinked in any case.
 */
export class SharedMemoryManager implements Disposable {
  #made: SharedMemory[] | null = [];

  #opened(): SharedMemory[] {
    if (this.#made === null) throw new StateError('ERR_MANAGER_GONE', 'this manager of shared memory has been shut down');
    return this.#made;
  }

  /** New memory of so many bytes. */
  SharedMemory(size: number): SharedMemory {
    const made = this.#opened();
    const memory = new SharedMemory({ create: true, size });
    made.push(memory);
    return memory;
  }

  /** A new list of these items. */
  ShareableList(items: Iterable<ShareableItem>): ShareableList {
    const made = this.#opened();
    const list = new ShareableList(items);
    made.push(list.shm);
    return list;
  }

  /** Closes and unlinks all that it has made. May be called again. */
  shutdown(): void {
    for (const memory of this.#made ?? []) {
      memory.close();
      try {
        memory.unlink();
      } catch {
        // Somebody else has unlinked it.
      }
    }
    this.#made = null;
  }
  [Symbol.dispose](): void {
    this.shutdown();
  }
}
