import { nameError } from '../base/errors.ts';
import type { SignalName } from './names.ts';

/** Ctrl-C: what `interruptible` and `defaultIntHandler` throw. */
export class KeyboardInterrupt extends Error {
  readonly code: string = 'ERR_INTERRUPTED';

  constructor(message = 'interrupted by SIGINT', options?: ErrorOptions) {
    super(message, options);
  }
}
nameError(KeyboardInterrupt, 'KeyboardInterrupt');

/** Why a signal that `abortOn` made was aborted: this one has come. */
export class SignalReceived extends Error {
  readonly code: string = 'ERR_SIGNAL_RECEIVED';
  /** The name: `SIGTERM`. */
  readonly signal: SignalName;
  /** The number that this system gives the signal: 15 for SIGTERM. */
  readonly signalNumber: number;

  constructor(signal: SignalName, signalNumber: number) {
    super(`received ${signal}`);
    this.signal = signal;
    this.signalNumber = signalNumber;
  }
}
nameError(SignalReceived, 'SignalReceived');
