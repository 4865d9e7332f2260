import Module, { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** A module has to be awaited before the value can be made: it uses top-level await, or a loader that is asynchronous, or is being imported. */
export class MustAwait extends Error {
  override readonly name = 'MustAwait';
  readonly code: string = 'ERR_MUST_AWAIT';
  /** Loads the module; then the value can be made. */
  readonly load: () => Promise<unknown>;

  constructor(specifier: string, load: () => Promise<unknown>, options?: ErrorOptions) {
    super(
      `the module ${specifier} has to be awaited in this thread: it uses top-level await, or a loader that is asynchronous, or is being imported at this moment. Await the value (get(), not getSync()), or import the module before`,
      options,
    );
    this.load = load;
  }
}

/** Whether an error says so. Of what a program has thrown even the prototype may be a trap. */
export function isMustAwait(error: unknown): error is MustAwait {
  try {
    return error instanceof MustAwait;
  } catch {
    return false;
  }
}

type Extensions = Readonly<Record<string, unknown>>;

/**
 * Whether `require` gives the module that `import` gives. Loaders such as tsx compile ES modules for `require` into modules of
 * their own: other functions, other state.
 */
export function canRequireModules(): boolean {
  const { _extensions: extensions } = Module as unknown as { readonly _extensions: Extensions };
  return /^function ?\(module, filename\)/.test(String(extensions['.js']));
}

/** Runs `act` without the warning that Node 20 and 22 give when an ES module is required for the first time. */
export function quietly<T>(act: () => T): T {
  const emitWarning: unknown = Reflect.get(process, 'emitWarning');
  Reflect.set(process, 'emitWarning', () => {});
  try {
    return act();
  } finally {
    Reflect.set(process, 'emitWarning', emitWarning);
  }
}

let loading = 0;

/** Loads modules by `require`. */
export function loadNow<T>(load: () => T): T {
  loading++;
  try {
    return quietly(load);
  } finally {
    loading--;
  }
}

/** Where whoever interrupts a thread notes that it is just loading one of Node's own modules: see interrupt-monitor.ts. */
const IN_NODE: unique symbol = Symbol.for('manycore.interrupted-in-node') as never;
let isMaimed = false;

/** For a thread whose call has been interrupted, when nothing is being loaded any more: whether it was loading modules, ours, the program's or Node's own. */
export function lookAfterInterruption(): void {
  const { _cache: cache } = Module as unknown as { readonly _cache: Readonly<Record<string, { readonly loaded: boolean } | undefined>> };
  isMaimed ||= loading > 0 || IN_NODE in globalThis || Object.values(cache).some((module) => module?.loaded === false);
}

/** Whether this thread has been interrupted while it loaded modules: no `finally` has run then, and Node takes some for loaded that are not. */
export function wasLoadingCutShort(): boolean {
  return isMaimed;
}

/** With what Node refuses to give a module at once that `import` gives. */
const IMPORT_ONLY: ReadonlySet<string | undefined> = new Set([
  // Top-level await.
  'ERR_REQUIRE_ASYNC_MODULE',
  // An import of it is under way, and Node 24 or 26 does not wait for that.
  'ERR_REQUIRE_ESM_RACE_CONDITION',
  // Exports that only `import` may see.
  'ERR_PACKAGE_PATH_NOT_EXPORTED',
  // A file type that only an asynchronous loader knows.
  'ERR_UNKNOWN_FILE_EXTENSION',
]);

/** Whether `require` has failed where `import` would not. */
export function canBeImportedOnly(error: unknown): boolean {
  return IMPORT_ONLY.has((error as NodeJS.ErrnoException | null)?.code);
}

const require = createRequire(import.meta.url);

/** Loads an ES module by its URL: the same instance that `import` gives. Throws `MustAwait` when that can't be had at once. */
export function requireModule(url: string): unknown {
  const load = (): Promise<unknown> => import(url);
  if (!canRequireModules()) throw new MustAwait(url, load);
  try {
    return loadNow(() => require(url.startsWith('file:') ? fileURLToPath(url) : url) as unknown);
  } catch (cause) {
    throw canBeImportedOnly(cause) ? new MustAwait(url, load, { cause }) : cause;
  }
}
