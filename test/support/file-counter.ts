import { appendFileSync, statSync, writeFileSync } from 'node:fs';

/** A counter for tasks on machines that share no more than a folder: the length of a file. One task counts at a time. */
export class FileCounter {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
    writeFileSync(path, '');
  }

  add(by: number): number {
    appendFileSync(this.path, '.'.repeat(by));
    return this.value;
  }

  get value(): number {
    return statSync(this.path).size;
  }
}
