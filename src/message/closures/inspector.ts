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
const GROUP = 'manycore';
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
  readonly internalProperties?: readonly Property[];
  readonly privateProperties?: readonly Property[];
}

interface Holder {
  /** What the inspector is to name. */
  value: unknown;
  /** What a name stood for. */
  taken: unknown;
}
interface Open {
  readonly session: inspector.Session;
  readonly holder: Holder;
}

/** Names keep what they stand for alive: they are given back when there are so many, or soon. */
const NAMES_MAX = 256;
const NAMES_MS = 20;

let open: Open | undefined;
let unavailable: Error | undefined;
/** The inspector's name of the holder, one of those that are given back: what is named through it then is, too, without being told. */
let holderId = '';
let names = 0;

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

function findHolder(session: inspector.Session, holder: Holder): string {
  Reflect.set(inspector, HOLDER, holder);
  try {
    const { result } = post(session, 'Runtime.evaluate', { expression: FIND_HOLDER, objectGroup: GROUP }) as { result: RemoteValue };
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
    const holder: Holder = { value: undefined, taken: undefined };
    holderId = findHolder(session, holder);
    open = { session, holder };
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

function forget(): void {
  names = 0;
  holderId = '';
  post(open!.session, 'Runtime.releaseObjectGroup', { objectGroup: GROUP });
}

/** The inspector's name of a value. Its texts are compiled each time: the shortest do best. */
function nameOf(value: unknown): string {
  const { session, holder } = opened();
  if (names === 0) setTimeout(forget, NAMES_MS).unref();
  if (++names > NAMES_MAX) forget();
  if (holderId === '') holderId = findHolder(session, holder);
  holder.value = value;
  const { result } = post(session, 'Runtime.callFunctionOn', {
    objectId: holderId,
    functionDeclaration: 'function(){return this.value}',
  }) as { readonly result: RemoteValue };
  holder.value = undefined;
  return result.objectId!;
}

function propertiesOf(value: unknown): Properties {
  return post(opened().session, 'Runtime.getProperties', {
    objectId: nameOf(value),
    ownProperties: true,
    nonIndexedPropertiesOnly: true,
  }) as Properties;
}

function real(remote: RemoteValue | undefined): unknown {
  if (remote === undefined || remote.type === 'undefined') return undefined;
  if (remote.unserializableValue !== undefined) {
    const text = remote.unserializableValue;
    return remote.type === 'bigint' ? BigInt(text.slice(0, -1)) : Number(text);
  }
  if (remote.objectId === undefined) return remote.value;
  const { session, holder } = opened();
  // As `this`, it needs not be looked up a second time; a symbol would come as an object.
  const isThis = remote.type !== 'symbol';
  post(session, 'Runtime.callFunctionOn', {
    objectId: isThis ? remote.objectId : holderId,
    functionDeclaration: isThis ? 'function(h){h.taken=this}' : 'function(v){this.taken=v}',
    arguments: [{ objectId: isThis ? holderId : remote.objectId }],
  });
  const value = holder.taken;
  holder.taken = undefined;
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
function scopesOf(fn: unknown): FunctionScope[] {
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

/** The same, the global ones apart, read once for each function in a message: `read` keeps them. */
export function scopesFor(fn: unknown, read: Map<unknown, readonly FunctionScope[]>): readonly FunctionScope[] {
  let scopes = read.get(fn);
  if (scopes === undefined) read.set(fn, (scopes = scopesOf(fn).filter(({ type }) => type !== 'Global')));
  return scopes;
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

/** What a Proxy was made of; null when it was revoked. */
export function proxyParts(proxy: object): { readonly target: unknown; readonly handler: unknown } | null {
  const properties = propertiesOf(proxy);
  const [target, handler] = ['[[Target]]', '[[Handler]]'].map((name) => real(internal(properties, name)));
  return handler === null || handler === undefined ? null : { target, handler };
}

/** The `#private` fields of an object, which no other way of copying sees. */
export function privateFieldsOf(value: object): { readonly name: string; readonly value: unknown }[] {
  const { privateProperties = [] } = propertiesOf(value);
  return privateProperties.filter((field) => field.value !== undefined).map((field) => ({ name: field.name, value: real(field.value) }));
}

export function promiseStateOf(promise: object): string {
  return String(internal(propertiesOf(promise), '[[PromiseState]]')?.value ?? 'unknown');
}
