import Module, { syncBuiltinESMExports } from 'node:module';
import { pathToFileURL } from 'node:url';
import { isLoader } from '../internals.ts';
import { instrument } from './instrument.ts';
import { recorderOf } from './recorder.ts';

/*
 * Instruments scripts while they are loaded: by synchronous hooks where Node has them, otherwise by hooks in a thread of Node's own;
 * and at the door where the text of a CommonJS module is compiled, which a loader such as tsx reads by itself.
 *
 * The package itself stays as it is, and so does what compiles TypeScript.
 */
const PACKAGE = new URL('../../', import.meta.url).href;
export const RECORDER_OF = Symbol.for('manycore.profile.recorder');
/** By which instrumented text finds it. */
const RECORDER = `globalThis[Symbol.for('${RECORDER_OF.description}')]`;

export interface Loaded {
  format?: string | null | undefined;
  source?: string | ArrayBuffer | NodeJS.TypedArray | null | undefined;
  shortCircuit?: boolean | undefined;
}

export const isInstrumented = (url: string): boolean => url.startsWith('file:') && !url.startsWith(PACKAGE) && !isLoader(url);

/** The text that runs instead of `source`; itself when it has been rewritten already. */
export function rewritten(source: string, url: string, type: 'module' | 'script'): string {
  if (source.includes(RECORDER_OF.description!)) return source;
  return instrument(source, type, (functions) => `${RECORDER}(${JSON.stringify(url)},${JSON.stringify(functions)})`) ?? source;
}

/** What a load hook gives back for what the next hook has given. */
export function rewrite(url: string, loaded: Loaded): Loaded {
  if (!isInstrumented(url) || loaded.source === null || loaded.source === undefined) return loaded;
  const text = (): string => (typeof loaded.source === 'string' ? loaded.source : Buffer.from(loaded.source as ArrayBuffer).toString());
  const { format } = loaded;
  if (format === 'module' || format === 'commonjs')
    return { ...loaded, source: rewritten(text(), url, format === 'module' ? 'module' : 'script') };
  const strip = (Module as unknown as { stripTypeScriptTypes?: (source: string) => string }).stripTypeScriptTypes;
  if (strip === undefined || (format !== 'module-typescript' && format !== 'commonjs-typescript')) return loaded;
  const isModule = format === 'module-typescript';
  const source = rewritten(strip(text()), url, isModule ? 'module' : 'script');
  return { ...loaded, format: isModule ? 'module' : 'commonjs', source };
}

type Next = (url: string, context: object) => Loaded;
interface SyncHooks {
  readonly load?: (url: string, context: object, next: Next) => Loaded;
}
interface Hooked {
  register: (...args: unknown[]) => void;
  registerHooks?: (hooks: SyncHooks) => { readonly deregister: () => void };
  readonly prototype: { _compile: (this: unknown, content: string, filename: string, ...rest: unknown[]) => unknown };
}

export function instrumentLoads(): void {
  (globalThis as Record<symbol, unknown>)[RECORDER_OF] = recorderOf;
  const hooked = Module as unknown as Hooked;
  if (hooked.registerHooks === undefined) stayFirst(hooked);
  else stayFirstSync(hooked, hooked.registerHooks);
  const { _compile } = hooked.prototype;
  hooked.prototype._compile = function (content, filename, ...rest) {
    const url = pathToFileURL(filename).href;
    const type = rest[0] === 'module' ? 'module' : 'script';
    return _compile.call(this, isInstrumented(url) ? rewritten(content, url, type) : content, filename, ...rest);
  };
}

/*
 * Hooks that are registered last are asked first. To see what a loader such as tsx has made of a file, and not what it will make something of,
 * ours follow each of the others.
 */
function stayFirst(hooked: Hooked): void {
  const { register } = hooked;
  let times = 0;
  const add = (): void => register(`./loader-thread.js?${++times}`, import.meta.url);
  add();
  hooked.register = (...args) => {
    register(...args);
    add();
  };
  syncBuiltinESMExports();
}

function stayFirstSync(hooked: Hooked, register: NonNullable<Hooked['registerHooks']>): void {
  const hooks: SyncHooks = { load: (url, context, next) => rewrite(url, next(url, context)) };
  let ours = register(hooks);
  hooked.registerHooks = (others) => {
    const theirs = register(others);
    ours.deregister();
    ours = register(hooks);
    return theirs;
  };
  syncBuiltinESMExports();
}
