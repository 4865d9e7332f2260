import { Progress } from '../futures/progress.ts';
import { Belt } from './map/belt.ts';
import { InputError, type Inputs, inputsOf } from './map/inputs.ts';
import { Journal, JournalError } from './map/journal.ts';
import { failureOf } from './map/outcome.ts';
import { type Place, placeFor } from './map/place.ts';
import { Results } from './map/results.ts';
import { targetOf } from './map/target.ts';
import { examine, type Target, work } from './map/work.ts';
import { parse, UsageError } from './usage-error.ts';
import { wholeNumber } from './whole-number.ts';

const OPTIONS = {
  over: { type: 'string' },
  as: { type: 'string' },
  null: { type: 'boolean', short: '0' },
  on: { type: 'string', default: 'threads' },
  workers: { type: 'string', short: 'j' },
  json: { type: 'boolean' },
  unordered: { type: 'boolean' },
  progress: { type: 'boolean' },
  resume: { type: 'string' },
  'accept-changes': { type: 'boolean' },
  'fail-fast': { type: 'boolean' },
  'keep-going': { type: 'boolean' },
  retries: { type: 'string' },
  timeout: { type: 'string' },
  'chunk-size': { type: 'string' },
  nodes: { type: 'string', short: 'N' },
  partition: { type: 'string', short: 'p' },
  time: { type: 'string', short: 't' },
  memory: { type: 'string' },
  module: { type: 'string', multiple: true, short: 'm' },
  option: { type: 'string', multiple: true },
  launcher: { type: 'string' },
  help: { type: 'boolean' },
} as const;

const USAGE = `manycore map <file>[#<function>] --over <inputs> [options]

Calls an exported function (the default export when no name is given) with each input, in parallel, and prints one result a
line, in the order of the inputs: a string as it stands, anything else as JSON, nothing for undefined.

  --over <inputs>      a pattern: the paths of the files that match it, sorted ('src/**/*.ts')
                       a..b, a..b..step: numbers, as Python's range: 0..1000 ends with 999
                       <file>.json: the elements of the list in it;  <file>.ndjson, .jsonl: its lines, each a value
                       -: the lines of stdin
  --as <kind>          takes it as one of paths, lines, json, ndjson, range, whatever its name: --over names.txt --as lines
  --null, -0           lines end with a zero byte, as find -print0 writes them

  --on <place>         threads (default), processes, slurm
  --workers, -j <n>    so many at a time; on slurm, on each node. As many as there are cores when left out
  --unordered          results as they come
  --json               {"input": …, "result": …} or {"input": …, "error": {"name", "message", "where", "stack"}} a line
  --progress           how far it is, on stderr

  --keep-going         a failure is told on stderr, and the others go on (default)
  --fail-fast          the first failure ends the run
  --retries <n>        tries an input so often again before it has failed
  --timeout <ms>       breaks an input off that takes longer: it has failed
  --chunk-size <n>     hands so many inputs to a worker at once; it follows from how long they take when left out

  --resume <journal>   writes down in this file what is done, and does not do it again when the same command runs once more
  --accept-changes     goes on with a journal although the function's source has changed since

  -N, --nodes <n>  -p, --partition <name>  -t, --time <1:00:00>  --memory <4G>  -m, --module <name>  --option <gres=gpu:1>
                       what is asked of Slurm; --launcher local takes processes of this machine for nodes

What the function prints goes to stderr. An input whose worker dies has failed; those handed over with it are done again.
Exit codes: 0 all is well, 1 an input failed or the run could not go on, 2 the command can't be understood, 130 interrupted.`;

/** Maps an exported function over inputs, in threads, processes, or on a cluster. Gives the exit code. */
export async function map(args: string[]): Promise<number> {
  const { values, positionals } = parse({ args, options: OPTIONS, allowPositionals: true });
  if (values.help === true) {
    console.log(USAGE);
    return 0;
  }
  const { over } = values;
  const { file, ...target } = targetOf(positionals[0]);
  if (positionals.length > 1)
    throw new UsageError(`map takes one function: got ${positionals.join(' and ')}. Put a pattern of --over in quotes`);
  if (over === undefined) throw new UsageError("map needs inputs: --over 'src/**/*.ts', --over 0..1000, --over - (manycore map --help)");
  if (values['fail-fast'] === true && values['keep-going'] === true) throw new UsageError('--fail-fast and --keep-going: one of them');
  const retries = wholeNumber('retries', values.retries, 0) ?? 0;
  const timeout = wholeNumber('timeout', values.timeout, 1);
  const size = wholeNumber('chunk-size', values['chunk-size'], 1);
  if (timeout !== undefined && size !== undefined && size > 1)
    throw new UsageError('--timeout is for each input: they are handed over one by one, without a --chunk-size');
  const workers = wholeNumber('workers', values.workers, 1);
  const inputs = await inputsOf(over, values.as, values.null === true);
  const { partition, time, memory, module, option, launcher } = values;
  const nodes = wholeNumber('nodes', values.nodes, 1);
  const place = await placeFor(target, values.on, workers, { nodes, partition, time, memory, modules: module, options: option, launcher });
  try {
    const journal =
      values.resume === undefined ? null : new Journal(values.resume, inputs, file, target.name, values['accept-changes'] === true);
    const run: Run = {
      target,
      inputs,
      place,
      journal,
      retries,
      timeout,
      chunkSize: timeout === undefined ? (size ?? null) : 1,
      isOrdered: values.unordered !== true,
      failsFast: values['fail-fast'] === true,
      isJson: values.json === true,
      showsProgress: values.progress === true,
    };
    try {
      return await carryOut(run);
    } finally {
      journal?.close();
    }
  } catch (error) {
    await place.executor.terminateWorkers();
    if (error instanceof UsageError) throw error;
    const { name, message } = error as Error;
    console.error(`manycore: ${error instanceof JournalError || error instanceof InputError ? '' : `${name}: `}${message}`);
    return error instanceof JournalError ? 2 : 1;
  }
}

interface Run {
  readonly target: Target;
  readonly inputs: Inputs;
  readonly place: Place;
  readonly journal: Journal | null;
  readonly retries: number;
  readonly timeout: number | undefined;
  readonly chunkSize: number | null;
  readonly isOrdered: boolean;
  readonly failsFast: boolean;
  readonly isJson: boolean;
  readonly showsProgress: boolean;
}

async function carryOut(run: Run): Promise<number> {
  const { target, inputs, place, journal, retries, timeout, chunkSize, isOrdered, failsFast, isJson } = run;
  const { executor } = place;
  const submitter = timeout === undefined ? executor : executor.with({ timeout });
  const results = new Results(isJson, process.stdout);
  const progress = run.showsProgress ? new Progress({}, inputs.total) : null;
  const stamps = new Map<number, string>();
  const belt = new Belt({
    pages: inputs.pages(),
    total: inputs.total,
    submit: (items) => submitter.submit(work, target, items),
    workers: place.workers,
    chunkSize,
    isOrdered,
    retries,
    earlier:
      journal === null
        ? null
        : (slot) => {
            const done = journal.earlier(slot);
            if (done !== null) progress?.add(1);
            else if (inputs.stampOf !== null) stamps.set(slot.index, inputs.stampOf(slot.input));
            return done;
          },
    onDone: (slots) => {
      journal?.add(slots, stamps);
      for (const { index } of slots) stamps.delete(index);
      progress?.add(slots.length);
    },
    isOfTheTask: place.isOfTheTask,
  });

  const interruption = new Interruption(() => {
    belt.stop();
    void executor.terminateWorkers();
  });
  try {
    if (journal !== null && journal.done > 0) {
      const all = inputs.total === Infinity ? '' : ` of ${inputs.total}`;
      console.error(`manycore: ${journal.path} has ${journal.done}${all} results`);
    }
    const refusal = await Promise.race([executor.submit(examine, target), interruption.came]);
    if (typeof refusal === 'object' && refusal !== null) {
      const { name, message, where } = refusal;
      const why = where === '' ? message : `${name}: ${message}\n    at ${where}`;
      throw new UsageError(`can't take ${target.name} from ${target.url.replace('file://', '')}: ${why}`);
    }
    for await (const slot of belt.outcomes()) {
      await results.add(slot);
      if (failsFast && results.failed > 0) break;
    }
    belt.stop();
    await results.end();
    progress?.end();
    const { code } = interruption;
    if (code === 0 && !(failsFast && results.failed > 0)) journal?.checkEnd(belt.count);
    if (code === EXIT_OF.SIGPIPE) return code;
    if (code !== 0) {
      const again = journal === null ? '' : `; the same command goes on where it was`;
      console.error(`manycore: interrupted${again}`);
      return code;
    }
    if (results.failed > 0) {
      const what = failsFast ? 'the first failure ended it' : `${results.failed} of ${belt.count} inputs failed`;
      const again = journal === null ? '' : '; the same command tries them again';
      console.error(`manycore: ${what}${again}`);
    }
    if (failsFast && results.failed > 0) await executor.terminateWorkers();
    else await executor.shutdown();
    return results.failed > 0 ? 1 : 0;
  } catch (error) {
    // Nothing was wrong but that we were told to stop.
    if (interruption.code !== 0) return interruption.code;
    await results.end();
    throw error instanceof Error ? error : new Error(failureOf(error).message);
  } finally {
    interruption.end();
    // One that has not ended would keep us waiting for it.
    if (inputs.name.endsWith(' -')) process.stdin.destroy();
  }
}

const EXIT_OF = { SIGINT: 130, SIGTERM: 143, SIGPIPE: 141 } as const;

/** Ctrl-C, a request to end, or a reader of stdout that has gone. A second Ctrl-C ends the process at once. */
class Interruption {
  /** The exit code that it asks for; 0 while there is none. */
  code = 0;
  readonly came: Promise<void>;
  readonly #onSignal: (name: NodeJS.Signals) => void;
  readonly #onError: (error: NodeJS.ErrnoException) => void;

  constructor(stop: () => void) {
    let tell!: () => void;
    this.came = new Promise((resolve) => (tell = resolve));
    const interrupt = (code: number): void => {
      if (this.code !== 0) return;
      this.code = code;
      stop();
      tell();
    };
    this.#onSignal = (name) => interrupt(EXIT_OF[name as 'SIGINT' | 'SIGTERM']);
    this.#onError = (error) => {
      if (error.code !== 'EPIPE') throw error;
      interrupt(EXIT_OF.SIGPIPE);
    };
    process.once('SIGINT', this.#onSignal).once('SIGTERM', this.#onSignal);
    process.stdout.on('error', this.#onError);
  }

  end(): void {
    process.off('SIGINT', this.#onSignal).off('SIGTERM', this.#onSignal);
  }
}
