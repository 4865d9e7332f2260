import { inspect } from 'node:util';
import { checkOptions } from '../base/check-options.ts';
import { isThenable } from '../base/thenable.ts';

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const isBytes = (value: unknown): boolean => ArrayBuffer.isView(value) || value instanceof ArrayBuffer;

const BOOLEAN = [(value: unknown) => typeof value === 'boolean', 'true or false'] as const;

/** What an option has to be, where anything else would be left unread, or fail far from here. */
const KINDS: Readonly<Record<string, readonly [(value: unknown) => boolean, string]>> = {
  env: [
    (value) => isObject(value) && !Array.isArray(value) && !isBytes(value),
    "an object of variables, such as { ...process.env, LANG: 'C' }",
  ],
  passFds: [
    (value) => Array.isArray(value) && value.every((fd) => Number.isInteger(fd) && fd >= 0),
    'a list of descriptors, which are integers from 0 on',
  ],
  extraGroups: [(value) => Array.isArray(value), 'a list of groups, by number or name'],
  pty: [
    (value) => typeof value === 'boolean' || (isObject(value) && !Array.isArray(value)),
    'true, false or a size, such as { columns: 80 }',
  ],
  signal: [
    (value) => isObject(value) && 'aborted' in value && 'addEventListener' in value,
    'an AbortSignal (how a command is ended goes into kill: { signal })',
  ],
  kill: [(value) => isObject(value) && !Array.isArray(value), "an object, such as { signal: 'SIGINT', grace: 500 }"],
  closeFds: BOOLEAN,
  restoreSignals: BOOLEAN,
  startNewSession: BOOLEAN,
  captureOutput: BOOLEAN,
  check: BOOLEAN,
  text: BOOLEAN,
};

/** Refuses options of the wrong kind; `null` is as left out. Names that are not here are checked where they are read. */
export function checkKinds(options: object, who: string): void {
  checkOptions(options, who, '{ text: true }');
  for (const [name, value] of Object.entries(options)) {
    const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
    if (kind === undefined || value === undefined || value === null || kind[0](value)) continue;
    throw new TypeError(`${name} must be ${kind[1]}: got ${inspect(value, { depth: 0 })}`);
  }
}

/** Refuses what can't be fed to a command. */
export function checkInput(input: unknown): void {
  if (input === undefined || input === null || typeof input === 'string' || isBytes(input)) return;
  if (isObject(input) && (Symbol.iterator in input || Symbol.asyncIterator in input)) return;
  const cure = isThenable(input) ? ': await it first' : '';
  throw new TypeError(`input must be text, bytes, a stream or an iterable of them${cure}: got ${inspect(input, { depth: 0 })}`);
}

/** Refuses a bare number where `{ timeout }` is expected: it would wait for ever. */
export function checkWaitOptions(wait: unknown, who: string): void {
  checkOptions(wait, who, '{ timeout: 300 }');
}
