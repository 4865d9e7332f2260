const TOLD = /^File descriptor \d+ (?:closed but not opened in unmanaged mode|opened in unmanaged mode twice)$/;

/**
 * Node keeps account of the descriptors that a worker opens by `fs`, to close them with it, and warns when one is closed that it has not seen: a
 * pipe to a command, which the C library has opened. In the main thread it does not either.
 */
export function tellNothingOfDescriptors(): void {
  const { emitWarning } = process;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]): void => {
    if (typeof warning !== 'string' || !TOLD.test(warning)) Reflect.apply(emitWarning, process, [warning, ...rest]);
  };
}
