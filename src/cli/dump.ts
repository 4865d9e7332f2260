import { fileURLToPath } from 'node:url';
import { attach } from '../host/attach/attach.ts';
import { type ProcessDescription, ProcessView, type ThreadView } from '../profile/live/process-view.ts';
import { nearby } from '../profile/nearby.ts';
import { numberOfProcess, sayingWhyNot } from './attaching.ts';
import { parse } from './usage-error.ts';

const PATIENCE_MS = 3000;

/** Prints what every thread of a running Node process is doing, and what it waits for. */
export function dump(args: string[]): number | Promise<number> {
  const { positionals, values } = parse({ args, allowPositionals: true, options: { all: { type: 'boolean' } } });
  const pid = numberOfProcess('dump', positionals);
  return sayingWhyNot(async () => {
    await using attached = await attach(pid);
    const view = new ProcessView(attached, PATIENCE_MS);
    const description = await view.describe();
    await view.inTime(view.threads.findWorkers());
    const threads = await view.look(description, values.all === true);
    await view.inTime(view.threads.close());
    console.log(headline(pid, description));
    for (const thread of threads) console.log(`\n${paragraph(thread)}`);
    return 0;
  });
}

export function headline(pid: number, description: ProcessDescription | undefined): string {
  if (description === undefined) return `process ${pid}: its main thread runs native code, and tells nothing`;
  const { argv, version, uptime, rss } = description;
  const command = ['node', ...argv.slice(1).map((word, i) => (i === 0 ? nearby(word) : word))].join(' ');
  return `process ${pid}: ${command}, Node ${version.slice(1)}, up ${uptime.toFixed(0)} s, ${(rss / 2 ** 20).toFixed(0)} MB`;
}

function paragraph({ name, waits, frames, isIdle }: ThreadView): string {
  const state = frames === null ? ' runs native code, which nothing interrupts' : isIdle ? ' is in its event loop' : '';
  return [
    `${name}${state}`,
    ...waits.map((what) => `    waits for ${what}`),
    ...(frames ?? []).map(([fn, file, line, column]) => `    at ${fn === '' ? '' : `${fn} `}(${nearby(pathOf(file))}:${line}:${column})`),
  ].join('\n');
}

const pathOf = (file: string): string => (file.startsWith('file:') ? fileURLToPath(file) : file);
