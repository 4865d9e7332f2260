import { inspect } from 'node:util';
import type { CompletedProcess } from './completed.ts';
import { checkKinds } from './check.ts';
import { PIPE } from './constants.ts';
import type { PopenOptions } from './options.ts';
import { Popen } from './popen.ts';
import type { LineOptions } from './read-pipe.ts';
import { run, type RunOptions } from './run.ts';
import { runSync, type RunSyncOptions } from './run-sync.ts';
import { compile, quote, type ShellLine, type ShellValue } from './shell-template.ts';

/** Options of a line; it captures text, and is checked, unless they say otherwise. */
export type ShellOptions = Omit<RunOptions, 'captureOutput' | 'executable'>;
/** What a line of the shell gives. */
export type ShellResult = CompletedProcess<string, string>;

/** A line of the shell. It runs when it is awaited, once. */
export class ShellCommand implements Promise<ShellResult>, AsyncIterable<string> {
  readonly #line: ShellLine;
  readonly #options: ShellOptions;
  #result: Promise<ShellResult> | null = null;

  /** @internal */
  constructor(line: ShellLine, options: ShellOptions) {
    this.#line = line;
    this.#options = options;
  }

  /** What is executed, word by word: to look at before it runs. */
  get command(): readonly (string | Buffer)[] {
    const { shell } = this.#options;
    return [typeof shell === 'string' ? shell : '/bin/sh', '-c', this.#line.line, 'sh', ...this.#line.parameters];
  }

  /** The same line on other terms. */
  with(options: ShellOptions): ShellCommand {
    checkKinds(options, 'with');
    return new ShellCommand(this.#line, { ...this.#options, ...options });
  }

  #terms(): ShellOptions & { readonly stdout: typeof PIPE; readonly stderr: typeof PIPE; readonly text: true } {
    const { shell: _, ...options } = this.#options;
    return { stdout: PIPE, stderr: PIPE, text: true, check: true, ...options } as never;
  }

  /** Runs it, the first time; afterwards gives the same result. Rejects with `CalledProcessError` unless it ends with 0. */
  run(): Promise<ShellResult> {
    return (this.#result ??= run(this.command, this.#terms()) as unknown as Promise<ShellResult>);
  }

  /** Runs it, and blocks this thread until it has ended. */
  runSync(): ShellResult {
    return runSync(this.command, this.#terms() as RunSyncOptions) as unknown as ShellResult;
  }

  then<A = ShellResult, B = never>(
    fulfilled?: ((result: ShellResult) => A | PromiseLike<A>) | null,
    rejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.run().then(fulfilled, rejected);
  }

  catch<B = never>(rejected?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<ShellResult | B> {
    return this.run().catch(rejected);
  }

  finally(settled?: (() => void) | null): Promise<ShellResult> {
    return this.run().finally(settled);
  }

  get [Symbol.toStringTag](): string {
    return 'ShellCommand';
  }

  /** What it prints, without the newlines at its end. */
  async text(): Promise<string> {
    return (await this.run()).stdout.replace(/\n+$/, '');
  }

  /** The lines that it prints, as they come. Its return code is not checked. */
  lines(options?: LineOptions): AsyncIterableIterator<string> {
    return this.popen({ stdout: PIPE, text: true }).stdout!.lines(options);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<string> {
    return this.lines();
  }

  /** Starts it as a `Popen`, with these options and those of its place and environment. */
  popen<const O extends PopenOptions>(options: O = {} as O): Popen<O> {
    const { cwd, env, closeFds, passFds, umask } = this.#options;
    const inherited = Object.entries({ cwd, env, closeFds, passFds, umask }).filter(([, value]) => value !== undefined);
    return new Popen(this.command, { ...(Object.fromEntries(inherited) as PopenOptions), ...options });
  }

  [inspect.custom](): string {
    return `<sh: ${this.#line.line}>`;
  }
}

type Template = (strings: TemplateStringsArray, ...values: readonly ShellValue[]) => ShellCommand;

/** The type of `sh`: a tag for templates that are lines of the shell. */
export interface Sh extends Template {
  /** The same with options for each line: `sh.with({ cwd: '/' })`. */
  with(options: ShellOptions): Sh;
  /** A word as a shell reads it back: for lines that are sent elsewhere. A value in a template needs none. */
  readonly quote: (word: string) => string;
}

function shWith(options: ShellOptions): Sh {
  const template: Template = (strings, ...values) => {
    if (!Array.isArray((strings as Partial<TemplateStringsArray> | undefined)?.raw))
      throw new TypeError(
        `sh is a template tag: write sh\`…\`, or run(line, { shell: true }) for a line that is made elsewhere: got ${inspect(strings)}`,
      );
    return new ShellCommand(compile(strings, values), options);
  };
  const withMore = (more: ShellOptions): Sh => {
    checkKinds(more, 'sh.with');
    return shWith({ ...options, ...more });
  };
  return Object.assign(template, { with: withMore, quote });
}

/**
 * A line of the shell: pipes, redirects, globs, `&&`, variables. Values in it become arguments, whatever they contain, and never syntax: a list
 * becomes several. The line is read as it is written, backslashes too; `\${` stands for the shell's own.
 */
export const sh: Sh = shWith({});
