import { expectListener } from '../base/expect-listener.ts';
import { getLogger } from './logger.ts';

/** Node's own listeners, which print warnings. */
let printers: readonly ((warning: Error) => void)[] = [];
let isOn = false;

const logIt = expectListener((warning: Error & { readonly code?: string }) => {
  const code = warning.code === undefined ? '' : ` [${warning.code}]`;
  getLogger('warnings').warning('%s%s: %s', warning.name, code, warning.message);
});

/**
 * Has warnings of Node and of `process.emitWarning` logged, by the logger `warnings`, instead of printed: Python's `captureWarnings`. It
 * holds for the thread that calls it; `false` takes it back.
 */
export function captureWarnings(capture: boolean): void {
  if (capture === isOn) return;
  isOn = capture;
  if (capture) {
    printers = process.listeners('warning') as (typeof printers)[number][];
    for (const printer of printers) process.off('warning', expectListener(printer));
    process.on('warning', logIt);
  } else {
    process.off('warning', logIt);
    for (const printer of printers) process.on('warning', printer);
    printers = [];
  }
}
