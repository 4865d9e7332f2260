import { SendError } from '../send-error.ts';
import { FunctionCode } from './function-code.ts';
import { pack } from './pack.ts';

/**
 * Refuses a function that assigns to a variable which is read elsewhere, before it is handed over: no later moment makes
 * that right. Whatever else keeps a function from travelling may change until then, and is told at the hand-over.
 */
export function foresee(fn: (...args: never[]) => unknown): void {
  if (!assignsToCaptured(fn)) return;
  try {
    pack(fn);
  } catch (error) {
    if (error instanceof SendError && error.code === 'E_CAPTURED_WRITE') throw error;
  }
}

function assignsToCaptured(fn: (...args: never[]) => unknown): boolean {
  try {
    return FunctionCode.of(fn).parts.assigns;
  } catch {
    return false; // It has no text that could be read: the hand-over says so.
  }
}
