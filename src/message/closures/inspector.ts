import inspector from 'node:inspector';
import { SendError } from '../send-error.ts';

/*
 * What a function holds that the language does not show: its scopes, its bound parts, private fields.
 *
 * An inspector session of a thread to itself answers synchronously, and needs neither `Runtime.enable` nor
 * `Debugger.enable`, so nothing is slowed down. Values are handed over through a holder object, which is found
 * on a builtin module: that is the same object in every context of the thread.
 */
const HOLDER: unique symbol = Symbol.for('manycore.holder') as never;
const FIND_HOLDER = "process.getBuiltinModule('inspector')[Symbol.for('manycore.holder')]";

interface RemoteValue {
  readonly type: string;
  readonly value?: unknown;
  readonly objectId?: string;
  readonly unserializableValue?: string;
}
interface Property {
  readonly name: string;
  readonly value?: RemoteValue;
}
interface Properties {
  readonly result: readonly { readonly value: RemoteValue }[];
  readonly internalProperties?: readonly Property[];
  readonly privateProperties?: readonly Property[];
}

interface Open {
  readonly session: inspector.Session;
  readonly holder: { value: unknown; out: unknown[] };
  holderId: string;
}

let open: Open | undefined;
let unavailable: Error | undefined;
let captures = 0;
let isFreeScheduled = false;

function post(session: inspector.Session, method: string, params: object = {}): unknown {
  let failure: unknown = null;
  let answer: unknown;
  session.post(method as 'Runtime.evaluate', params as never, (error: Error | null, result?: unknown) => {
    failure = error;
    answer = result;
  });
  if (failure !== null || answer === undefined) throw new Error(`the inspector refused ${method}`, { cause: failure });
  return answer;
}

function findHolder(session: inspector.Session, holder: Open['holder']): string {
  Reflect.set(inspector, HOLDER, holder);
  try {
    const { result } = post(session, 'Runtime.evaluate', { expression: FIND_HOLDER, objectGroup: 'manycore' }) as { result: RemoteValue };
    if (result.objectId === undefined) throw new Error('the inspector cannot see this context');
    return result.objectId;
  } finally {
    Reflect.deleteProperty(inspector, HOLDER);
  }
}

function opened(): Open {
  if (open !== undefined) return open;
  if (unavailable !== undefined) throw unavailable;
  try {
    const session = new inspector.Session();
    session.connect();
    const holder: Open['holder'] = { value: undefined, out: [] };
    open = { session, holder, holderId: findHolder(session, holder) };
    return open;
  } catch (cause) {
    unavailable = cause as Error;
    throw cause;
  }
}

/** Whether functions can be looked into here: not under `--permission`, nor in builds without the inspector. */
export function canInspect(): boolean {
  try {
    opened();
    return true;
  } catch {
    return false;
  }
}

/** Remote numbers keep what they name alive: they are given back at the end of this turn, or after so many captures. */
function forget(): void {
  if (open === undefined) return;
  post(open.session, 'Runtime.releaseObjectGroup', { objectGroup: 'manycore' });
  open.holderId = findHolder(open.session, open.holder);
}

function propertiesOf(value: unknown): Properties {
  const { session, holder, holderId } = opened();
  if (++captures % 64 === 0) forget();
  else if (!isFreeScheduled) {
    isFreeScheduled = true;
    queueMicrotask(() => {
      isFreeScheduled = false;
      forget();
    });
  }
  holder.value = value;
  const { result } = post(session, 'Runtime.getProperties', { objectId: open?.holderId ?? holderId, ownProperties: true }) as Properties;
  holder.value = undefined;
  return post(session, 'Runtime.getProperties', { objectId: result[0]!.value.objectId, ownProperties: true }) as Properties;
}

function real(remote: RemoteValue | undefined): unknown {
  if (remote === undefined || remote.type === 'undefined') return undefined;
  if (remote.unserializableValue !== undefined) {
    const text = remote.unserializableValue;
    return remote.type === 'bigint' ? BigInt(text.slice(0, -1)) : Number(text);
  }
  if (remote.objectId === undefined) return remote.value;
  const { session, holder, holderId } = opened();
  post(session, 'Runtime.callFunctionOn', {
    objectId: holderId,
    functionDeclaration: 'function (value) { this.out = [value]; }',
    arguments: [{ objectId: remote.objectId }],
  });
  const [value] = holder.out;
  holder.out = [];
  return value;
}

const internal = (properties: Properties, name: string): RemoteValue | undefined =>
  properties.internalProperties?.find((property) => property.name === name)?.value;

/** One scope that a function closes over. Its variables are those of the moment when it was read. */
export interface FunctionScope {
  readonly type: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** The scopes of a function, the innermost first. */
export function scopesOf(fn: unknown): FunctionScope[] {
  let list: unknown;
  try {
    list = real(internal(propertiesOf(fn), '[[Scopes]]'));
  } catch (cause) {
    throw new SendError(
      'E_NO_INSPECTOR',
      `the function ${(fn as { name: string }).name || '(anonymous)'} can't be looked into: V8's inspector is not available here. Under --permission add --allow-inspector, export the function from a module, or list what it captures: capture({ … }, fn)`,
      { cause },
    );
  }
  if (list === undefined) return [];
  return Array.from(list as ArrayLike<{ description: string; object: Record<string, unknown> }>, ({ description, object }) => ({
    type: description,
    variables: object,
  }));
}

/** What `bind` was given. */
export function boundParts(fn: unknown): { readonly target: unknown; readonly self: unknown; readonly args: readonly unknown[] } | null {
  const properties = propertiesOf(fn);
  const target = internal(properties, '[[TargetFunction]]');
  if (target === undefined) return null;
  return {
    target: real(target),
    self: real(internal(properties, '[[BoundThis]]')),
    args: Array.from(real(internal(properties, '[[BoundArgs]]')) as ArrayLike<unknown>),
  };
}

/** The `#private` fields of an object, which no other way of copying sees. */
export function privateFieldsOf(value: object): { readonly name: string; readonly value: unknown }[] {
  const { privateProperties = [] } = propertiesOf(value);
  return privateProperties.filter((field) => field.value !== undefined).map((field) => ({ name: field.name, value: real(field.value) }));
}

export function promiseStateOf(promise: object): string {
  return String(internal(propertiesOf(promise), '[[PromiseState]]')?.value ?? 'unknown');
}
