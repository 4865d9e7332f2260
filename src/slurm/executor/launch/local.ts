import { closeSync, openSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { within } from '../../../base/within.ts';
import { describeExit } from '../../../host/process/exit.ts';
import { Popen, STDOUT } from '../../../subprocess/index.ts';
import type { JobFacts } from '../errors.ts';
import { tailOf } from '../../job/log.ts';
import type { Allocation, Launcher } from './launcher.ts';

const MAIN = fileURLToPath(new URL('../manager/manager-main.js', import.meta.url));
/** How long is waited, when a node was lost, whether all of its allocation has ended. */
const DOUBT_MS = 2000;

/** Nodes that are processes of this machine: to develop and to test what is to run on a cluster. */
export class LocalLauncher implements Launcher {
  readonly jobName = '';
  readonly #directory: string;
  readonly #runFile: string;
  /** Node, with its flags. */
  readonly #node: readonly string[];

  constructor(directory: string, runFile: string, node: readonly string[]) {
    this.#directory = directory;
    this.#runFile = runFile;
    this.#node = node;
  }

  launch(number: number, nodes: number): Promise<Allocation> {
    const log = join(this.#directory, `local-${number}.log`);
    const fd = openSync(log, 'a', 0o600);
    try {
      const processes = Array.from(
        { length: nodes },
        (_, rank) =>
          new Popen([...this.#node, MAIN, this.#runFile, String(number), String(rank)], {
            stdout: fd,
            stderr: STDOUT,
            startNewSession: true,
          }),
      );
      return Promise.resolve(new LocalAllocation(number, processes, log));
    } finally {
      closeSync(fd);
    }
  }

  adopt(): null {
    return null;
  }
}

class LocalAllocation implements Allocation {
  readonly job = null;
  readonly submitted = null;
  readonly isRunning = true;
  readonly waitsFor = null;
  readonly number: number;
  readonly nodes: number;
  readonly ended: Promise<JobFacts>;
  readonly #processes: readonly Popen[];
  readonly #log: string;
  #isCancelled = false;

  constructor(number: number, processes: readonly Popen[], log: string) {
    this.number = number;
    this.nodes = processes.length;
    this.#processes = processes;
    this.#log = log;
    this.ended = Promise.all(processes.map((process) => process.wait())).then(() => this.facts());
  }

  async facts(): Promise<JobFacts> {
    const codes = this.#processes.map(({ returnCode }) => returnCode);
    const bad = codes.find((code) => code !== null && code !== 0) ?? null;
    const isOver = codes.every((code) => code !== null);
    const state = !isOver && bad === null ? 'RUNNING' : this.#isCancelled ? 'CANCELLED' : bad === null ? 'COMPLETED' : 'FAILED';
    return {
      job: null,
      node: hostname(),
      state,
      reason: bad === null ? '' : describeExit(bad),
      exitCode: bad,
      log: await tailOf(this.#log),
      hint: '',
    };
  }

  /** The system tells when a process ends. */
  calm(): void {}
  async alarm(): Promise<unknown> {
    return await within(this.ended, { timeout: DOUBT_MS });
  }

  async cancel(): Promise<void> {
    this.#isCancelled = true;
    for (const process of this.#processes) if (process.poll() === null) process.kill();
    await this.ended;
  }
}
