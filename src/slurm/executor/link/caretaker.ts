import { DEVNULL, PIPE, Popen } from '../../../subprocess/index.ts';

/*
 * A shell that outlives its program, to clear up after one that ends without a word. Its input ends with the program, however that is, for
 * nobody else has the other end. What nobody waits for any more is then cancelled, by the name of the jobs: their numbers may not have come yet,
 * or be other jobs' by now. The controller may be away at first. A node may write its last words while the folder is removed.
 */
const TEXT = `
trap '' HUP INT TERM
while read -r word; do [ "$word" != bye ] || exit 0; done
for pause in 1 2 4 8 16 32 64; do
  [ -n "$2" ] || break
  scancel --user="$(id -un)" --name="$2" && break
  sleep $pause
done
for pause in 1 2 4 8 16; do
  rm -rf "$1"
  [ -e "$1" ] || exit 0
  sleep $pause
done
`;

/** Removes the folder of a run, and cancels its jobs, should this program be killed; not where the run is to outlive it. */
export class Caretaker {
  readonly #shell: Popen<{ stdin: typeof PIPE; stdout: typeof DEVNULL; stderr: typeof DEVNULL; startNewSession: true }> | null;

  /** `jobs` is the name that all jobs of the run have; empty for none. */
  constructor(folder: string, jobs: string, isWanted: boolean) {
    this.#shell =
      process.platform === 'win32' || !isWanted
        ? null
        : new Popen(['/bin/sh', '-c', TEXT, 'manycore-caretaker', folder, jobs], {
            stdin: PIPE,
            stdout: DEVNULL,
            stderr: DEVNULL,
            cwd: '/',
            startNewSession: true,
          });
  }

  /** Its program has cleared up itself. */
  async dismiss(): Promise<void> {
    if (this.#shell === null) return;
    await this.#shell.communicate('bye\n');
  }
}
