import { nameError } from '../../base/errors.ts';

/** The other end is closed, and everything it has sent has been received: Python's `EOFError`. */
export class EndOfFileError extends Error {
  readonly code: string = 'ERR_EOF';
}
nameError(EndOfFileError, 'EndOfFileError');

/** The other end is closed: nobody will read what is sent. Python's `BrokenPipeError`. */
export class BrokenPipeError extends Error {
  readonly code: string = 'EPIPE';
}
nameError(BrokenPipeError, 'BrokenPipeError');

/** A connection broke where it may not end: in the middle of a message, or with bytes that are none. What was being sent is lost. */
export class ConnectionBrokenError extends Error {
  readonly code: string;
  constructor(code: 'ERR_HALF_FRAME' | 'ERR_FRAME_TOO_LONG' | 'ERR_CONNECTION_RESET', message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
nameError(ConnectionBrokenError, 'ConnectionBrokenError');

/** What errors between processes have in common that have nothing else: Python's `ProcessError`. */
export class ProcessError extends Error {
  readonly code: string = 'ERR_PROCESS';
}
nameError(ProcessError, 'ProcessError');

/** The other side did not prove that it knows the secret, or did not accept our proof. Python's `AuthenticationError`. */
export class AuthenticationError extends ProcessError {
  override readonly code: string = 'ERR_AUTHENTICATION';
}
nameError(AuthenticationError, 'AuthenticationError');

/** A connection, or a place to listen at, was refused by the system: `code` is its error's, `ECONNREFUSED`, `ENOENT`, `EADDRINUSE`. */
export class ConnectionRefusedError extends Error {
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
nameError(ConnectionRefusedError, 'ConnectionRefusedError');

/** A message does not fit where it was to be received: Python's `BufferTooShort`. Nothing is lost: `bytes` is the message. */
export class BufferTooShort extends ProcessError {
  override readonly code: string = 'ERR_BUFFER_TOO_SHORT';
  /** The whole message. */
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array, room: number) {
    super(`a message of ${bytes.length} bytes was received, and there is room for ${room}: it is in the error`);
    this.bytes = bytes;
  }
}
nameError(BufferTooShort, 'BufferTooShort');
