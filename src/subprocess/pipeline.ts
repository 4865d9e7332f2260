import type { Wait } from '../base/deadline.ts';
import { deadlineAfter, remaining } from '../base/deadline.ts';
import { hasLibrary } from '../system/library.ts';
import { WIDE_PIPE } from '../system/pipes.ts';
import { checkInput, checkKinds, checkWaitOptions } from './check.ts';
import type { Command } from './command.ts';
import type { Communicated } from './communicate.ts';
import { PIPE } from './constants.ts';
import { CalledProcessError, type Output } from './errors.ts';
import { LAST_WORDS_MS, withLastWords } from './last-words.ts';
import type { Input, KillOptions, PopenOptions } from './options.ts';
import { type OutputOf, type PipedOf, Popen, TREE } from './popen.ts';
import type { LineOptions, ReadPipe } from './read-pipe.ts';
import type { WritePipe } from './write-pipe.ts';

/** A command of a pipeline, with options of its own. */
export interface StageOptions extends Omit<PopenOptions, 'stdin' | 'stdout' | 'text' | 'encoding' | 'errors'> {
  /** Its program and arguments; or a line for the shell, with `shell: true`. */
  readonly command: Command;
}
/** A command of a pipeline. */
export type Stage = Command | StageOptions;

/** The last command writes into a pipe unless it is told otherwise. */
type EndOf<O, T> = O extends { readonly stdout: infer S } ? (S extends typeof PIPE ? T : T | null) : T;

/** What holds for the whole of it: where it begins and ends, and what each command has that says nothing else. */
export type PipelineOptions = PopenOptions;
export type NoPipelineOptions = Pick<PipelineOptions, 'cwd'>;

/** How a whole pipeline is run, and how long it may take. */
export interface PipelineRunOptions extends Wait {
  /** What the first command is fed with, through a pipe that is closed behind it. */
  readonly input?: Input | null | undefined;
  /** Throws `CalledProcessError` for the command that failed. */
  readonly check?: boolean | undefined;
  /** Bytes of the output that are kept; more is a `MaxBufferExceeded`. No limit when left out. */
  readonly maxBuffer?: number | undefined;
  /** How the commands are ended when the time is up, or the wait is cancelled. */
  readonly kill?: KillOptions | undefined;
  /** Milliseconds to wait, after the commands have ended, for descendants that hold the output open. For ever when left out. */
  readonly drain?: number | undefined;
}

/** A pipeline that has ended. */
export interface CompletedPipeline<Out extends Output = Output> {
  /** That of each command. */
  readonly returnCodes: readonly number[];
  /** As the shell's `pipefail`: that of the last command that failed, or 0. */
  readonly returnCode: number;
  /** What was captured of the last command's output; `null` where nothing was. */
  readonly stdout: Out;
  /** What was captured of the last command's errors; `null` where nothing was. */
  readonly stderr: Output;
}

const SIGPIPE = 13;

const isStage = (stage: Stage): stage is StageOptions =>
  typeof stage === 'object' && stage !== null && !Array.isArray(stage) && !(stage instanceof Uint8Array) && !(stage instanceof URL);

/**
 * Commands that run at once, the output of each being the input of the next. The kernel carries the bytes; none comes through
 * JavaScript but what is read from the last. When one ends early, those before it get SIGPIPE, as in a shell.
 */
export class Pipeline<const O extends PipelineOptions = PipelineOptions> implements AsyncDisposable, AsyncIterable<string> {
  /** The commands, in their order. They have all started. */
  readonly stages: readonly Popen<O>[];

  /** @internal */
  constructor(stages: readonly Stage[], options: O) {
    if (stages.length === 0) throw new TypeError('a pipeline needs at least one command');
    checkKinds(options, 'a pipeline');
    const { stdin, stdout, ...common } = options;
    const started: Popen<O>[] = [];
    try {
      for (const [i, stage] of stages.entries()) {
        const { command, ...own } = isStage(stage) ? stage : { command: stage };
        const isLast = i === stages.length - 1;
        started.push(
          new Popen(command, {
            ...(hasLibrary() ? { pipesize: WIDE_PIPE } : {}),
            ...common,
            ...own,
            stdin: i === 0 ? stdin : started[i - 1]!.stdout,
            stdout: isLast ? (stdout === undefined ? PIPE : stdout) : PIPE,
            [TREE]: true,
          } as unknown as O),
        );
      }
    } catch (error) {
      // Half a pipeline is none.
      for (const stage of started) {
        stage.kill();
        stage.stdin?.closeNow();
        stage.stdout?.close();
        stage.stderr?.close();
      }
      throw error;
    }
    this.stages = started;
  }

  get #last(): Popen<O> {
    return this.stages.at(-1)!;
  }

  /** The input of the first command, when that is a `PIPE`. */
  get stdin(): PipedOf<O, 'stdin', WritePipe> {
    return this.stages[0]!.stdin;
  }

  /** The output of the last. */
  get stdout(): EndOf<O, ReadPipe<OutputOf<O>>> {
    return this.#last.stdout as unknown as EndOf<O, ReadPipe<OutputOf<O>>>;
  }

  /** The return codes, `null` for those that run. */
  get returnCodes(): (number | null)[] {
    return this.stages.map((stage) => stage.returnCode);
  }

  /** The lines that the last command prints, as they come. */
  lines(options?: LineOptions): AsyncIterableIterator<string> {
    const { stdout } = this.#last;
    if (stdout === null) throw new TypeError('a pipeline whose stdout goes elsewhere has no lines to read');
    return stdout.lines(options);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<string> {
    return this.lines();
  }

  /** Waits until all have ended; their return codes. `TimeoutExpired` when time is up first; they go on then. */
  async wait(wait: Wait = {}): Promise<number[]> {
    checkWaitOptions(wait, 'wait');
    const { timeout, signal } = wait;
    const deadline = deadlineAfter(timeout);
    const codes: number[] = [];
    for (const stage of this.stages) codes.push(await stage.wait({ ...(timeout == null ? {} : { timeout: remaining(deadline) }), signal }));
    return codes;
  }

  /** Feeds the first, reads the last, and waits for all; as `Popen`'s, it ends nothing. */
  async communicate(
    input?: Input | null,
    options: Wait & { readonly drain?: number | undefined; readonly maxBuffer?: number | undefined } = {},
  ): Promise<Communicated<OutputOf<O>>> {
    checkInput(input);
    checkWaitOptions(options, 'communicate');
    const [first, last] = [this.stages[0]!, this.#last];
    if (first === last) return first.communicate(input, options) as Promise<Communicated<OutputOf<O>>>;
    // Its output is the second's: there is nothing to read of it here.
    const fed = first.communicate(input);
    fed.catch(() => {});
    const result = await last.communicate(null, options);
    await this.wait(options);
    await fed;
    return result as Communicated<OutputOf<O>>;
  }

  /**
   * Communicates, and ends all of it with its descendants when time is up or it is cancelled, as the function `run`. With `check`, a command
   * that fails is a `CalledProcessError`; one that was ended by SIGPIPE has not failed, for the next one had enough.
   */
  async run(options: PipelineRunOptions = {}): Promise<CompletedPipeline<EndOf<O, OutputOf<O>>>> {
    let output: Communicated<OutputOf<O>>;
    // Bad options end it as well: nobody would hear of it any more.
    const { input = null, check = false, kill, timeout, signal, ...rest } = Object(options) as PipelineRunOptions;
    try {
      checkKinds(options, 'running a pipeline');
      signal?.throwIfAborted();
      output = await this.communicate(input, { timeout, signal, ...rest });
    } catch (error) {
      await this.end(kill);
      await Promise.all(this.stages.map((stage) => stage.finish(LAST_WORDS_MS)));
      throw withLastWords(error, this.#last, timeout);
    }
    const returnCodes = this.stages.map((stage) => stage.poll()!);
    const failed = returnCodes.findLastIndex((code, i) => code !== 0 && !(code === -SIGPIPE && i < returnCodes.length - 1));
    const { stdout, stderr } = output;
    if (check && failed >= 0) throw new CalledProcessError(returnCodes[failed]!, this.stages[failed]!.args, stdout, stderr);
    return { returnCodes, returnCode: failed < 0 ? 0 : returnCodes[failed]!, stdout: stdout as EndOf<O, OutputOf<O>>, stderr };
  }

  /** Ends all of them with their descendants, gently first. Resolves with their return codes. */
  end(options?: KillOptions): Promise<number[]> {
    return Promise.all(this.stages.map((stage) => stage.end(options)));
  }

  /** Closes the pipes that are open here, and waits for all. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.stages.map((stage) => stage[Symbol.asyncDispose]()));
  }
}

/** Starts a pipeline; the last argument may be options. Throws `ProcessStartError` when one of the commands can't be started, and none runs then. */
export function pipeline<const O extends PipelineOptions = PipelineOptions>(
  ...stagesAndOptions: readonly [...stages: Stage[], options: O]
): Pipeline<O>;
export function pipeline(...stages: readonly Stage[]): Pipeline<NoPipelineOptions>;
export function pipeline(...all: readonly (Stage | PipelineOptions)[]): unknown {
  const last = all.at(-1);
  const hasOptions = last !== undefined && isStage(last as Stage) && !('command' in (last as object));
  return new Pipeline((hasOptions ? all.slice(0, -1) : all) as Stage[], (hasOptions ? last : {}) as PipelineOptions);
}
