import { SendError } from '../send-error.ts';
import type { FunctionCode } from './function-code.ts';
import { placeInFile } from './function-code.ts';
import type { Binding, Reference } from './references.ts';

/*
 * Changes that would be lost: the other side changes its own copy. They are refused only when somebody here would
 * look at the variable: state that nothing outside the function uses is the function's own.
 */
export interface Shipped {
  readonly code: FunctionCode;
}

export function checkWrite(name: string, write: Reference, code: FunctionCode, shipped: readonly Shipped[]): void {
  const outside = readOutside(write, code, shipped);
  if (outside === null) return;
  const where = code.where(write);
  throw new SendError(
    'E_CAPTURED_WRITE',
    `the function assigns to \`${name}\` (${short(where)}), which is also read at ${short(outside)}; a thread would change its own copy only. Use a SharedValue, or return the result.`,
    { where },
  );
}

export function checkMutation(name: string, mutation: Reference, value: object, code: FunctionCode, shipped: readonly Shipped[]): void {
  const how = mutation.mutation!;
  if (how.endsWith('()')) {
    // A method of that name on a class of the program's own may do anything.
    const method: unknown = (value as Record<string, unknown>)[how.slice(0, -2)];
    if (typeof method === 'function' && !Function.prototype.toString.call(method).endsWith('[native code] }')) return;
  }
  const outside = readOutside(mutation, code, shipped);
  if (outside === null) return;
  const where = code.where(mutation);
  const act =
    how === 'delete'
      ? `deletes a property of \`${name}\``
      : how === '='
        ? `writes to a property of \`${name}\``
        : `calls \`${name}.${how}\``;
  throw new SendError(
    'E_CAPTURED_MUTATION',
    `the function ${act} (${short(where)}) on a copy of what is also read at ${short(outside)}; a thread would change its own copy only. Return the result, use a Queue or shared memory; copy(${name}) says that a copy is meant.`,
    { where },
  );
}

type Where = NonNullable<SendError['where']>;

/** The first place, outside of everything that is sent, where the variable of `reference` is used. */
function readOutside(reference: Reference, code: FunctionCode, shipped: readonly Shipped[]): Where | null {
  const { script } = code;
  if (script === null || code.start < 0) return null;
  const binding = bindingAt(code.inScript(reference.start), reference.name, code);
  if (binding === null) return null;
  const isInside = (at: number): boolean =>
    shipped.some((one) => one.code.script === script && at >= one.code.start && at < one.code.start + one.code.text.length);
  // Where it is declared it is only given its first value.
  const outside = binding.references.find(({ start }) => start !== binding.at && !isInside(start));
  return outside === undefined ? null : placeInFile(script, outside.start, outside.end);
}

export function bindingAt(offset: number, name: string, code: FunctionCode): Binding | null {
  const found = code.script?.analysis()?.references.find((one) => one.start === offset && one.name === name);
  return found?.binding ?? null;
}

/** `app.ts:2:37` */
function short(where: Where | undefined): string {
  return where === undefined ? 'an unknown place' : `${where.url.split('/').at(-1)}:${where.line}:${where.column}`;
}
