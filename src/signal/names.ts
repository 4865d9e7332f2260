import { constants } from 'node:os';
import { OutOfRangeError } from '../base/errors.ts';

/** A signal by its name: `'SIGTERM'`; real-time signals are `'SIGRTMIN'`, `'SIGRTMIN+1'` and so on. */
export type SignalName = NodeJS.Signals | 'SIGRTMIN' | `SIGRTMIN+${number}` | 'SIGRTMAX';
/** A signal by its name or number. */
export type Signal = SignalName | number;

const FIRST_REAL_TIME = 34;
const LAST = process.platform === 'linux' ? 64 : 31;

/** One more than the largest number of a signal here. */
export const NSIG = LAST + 1;

const numbers = new Map<string, number>(Object.entries(constants.signals));
if (numbers.has('SIGCHLD')) numbers.set('SIGCLD', numbers.get('SIGCHLD')!);
const names = new Map<number, SignalName>();
// The first name of a number is the usual one: SIGABRT, not SIGIOT.
for (const [name, number] of Object.entries(constants.signals)) if (!names.has(number)) names.set(number, name as SignalName);
if (process.platform === 'linux') {
  for (let number = FIRST_REAL_TIME; number < LAST; number++) {
    const name: SignalName = number === FIRST_REAL_TIME ? 'SIGRTMIN' : `SIGRTMIN+${number - FIRST_REAL_TIME}`;
    names.set(number, name);
    numbers.set(name, number);
  }
  names.set(LAST, 'SIGRTMAX');
  numbers.set('SIGRTMAX', LAST);
}

/** Every name with its number, as in Python's enumeration of this name: `Signals.SIGINT` is 2. */
export const Signals: Readonly<Record<string, number>> = Object.freeze(Object.fromEntries(numbers));

/** The number of a signal. `RangeError` for a name or number that this platform doesn't know, `TypeError` for anything else. */
export function signalNumber(signal: Signal): number {
  return signalNamed(signal).number;
}

/** The usual name of a signal; errors as `signalNumber`. */
export function signalName(signal: Signal): SignalName {
  return signalNamed(signal).name;
}

export function signalNamed(signal: Signal): { readonly name: SignalName; readonly number: number } {
  if (typeof signal !== 'string' && typeof signal !== 'number')
    throw new TypeError(`a signal is a name like 'SIGTERM' or a number: got ${signal === null ? 'null' : typeof signal}`);
  const number = typeof signal === 'number' ? signal : numbers.get(signal);
  const name = number === undefined ? undefined : names.get(number);
  if (number === undefined || name === undefined) {
    throw new OutOfRangeError(
      'ERR_UNKNOWN_SIGNAL',
      `${JSON.stringify(signal)} is no signal here: ${typeof signal === 'number' ? `numbers go from 1 to ${LAST}` : 'names are like SIGTERM'}`,
    );
  }
  return { name, number };
}

export const isRealTime = (number: number): boolean => number >= FIRST_REAL_TIME;

/** For messages about a child's death: its name, also for numbers without one. */
export const nameOrNumber = (number: number): string => names.get(number) ?? `unknown signal ${number}`;

/** All signals that this platform has, in the order of their numbers. */
export function validSignals(): ReadonlySet<SignalName> {
  return new Set([...names].toSorted(([a], [b]) => a - b).map(([, name]) => name));
}

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  SIGHUP: 'Hangup',
  SIGINT: 'Interrupt',
  SIGQUIT: 'Quit',
  SIGILL: 'Illegal instruction',
  SIGTRAP: 'Trace/breakpoint trap',
  SIGABRT: 'Aborted',
  SIGBUS: 'Bus error',
  SIGFPE: 'Floating point exception',
  SIGKILL: 'Killed',
  SIGUSR1: 'User defined signal 1',
  SIGSEGV: 'Segmentation fault',
  SIGUSR2: 'User defined signal 2',
  SIGPIPE: 'Broken pipe',
  SIGALRM: 'Alarm clock',
  SIGTERM: 'Terminated',
  SIGSTKFLT: 'Stack fault',
  SIGCHLD: 'Child exited',
  SIGCONT: 'Continued',
  SIGSTOP: 'Stopped (signal)',
  SIGTSTP: 'Stopped',
  SIGTTIN: 'Stopped (tty input)',
  SIGTTOU: 'Stopped (tty output)',
  SIGURG: 'Urgent I/O condition',
  SIGXCPU: 'CPU time limit exceeded',
  SIGXFSZ: 'File size limit exceeded',
  SIGVTALRM: 'Virtual timer expired',
  SIGPROF: 'Profiling timer expired',
  SIGWINCH: 'Window changed',
  SIGIO: 'I/O possible',
  SIGPWR: 'Power failure',
  SIGSYS: 'Bad system call',
};

/** What a signal means, in words: `Terminated`. `null` when there are none for it. Errors as `signalNumber`. */
export function strsignal(signal: Signal): string | null {
  const { name, number } = signalNamed(signal);
  return isRealTime(number) ? `Real-time signal ${number - FIRST_REAL_TIME}` : (DESCRIPTIONS[name] ?? null);
}
