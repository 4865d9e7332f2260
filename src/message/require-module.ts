import Module, { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** A module has to be awaited before the value can be made: it uses top-level await, or a loader that is asynchronous. */
export class MustAwait extends Error {
  override readonly name = 'MustAwait';
  readonly code: string = 'ERR_MUST_AWAIT';
  /** Loads the module; then the value can be made. */
  readonly load: () => Promise<unknown>;

  constructor(specifier: string, load: () => Promise<unknown>, options?: ErrorOptions) {
    super(
      `the module ${specifier} has to be awaited in this thread: it uses top-level await, or a loader that is asynchronous. Await the value (get(), not getSync()), or import the module before`,
      options,
    );
    this.load = load;
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

const require = createRequire(import.meta.url);

/** Loads an ES module by its URL: the same instance that `import` gives. Throws `MustAwait` when that can't be had at once. */
export function requireModule(url: string): unknown {
  if (!canRequireModules()) throw new MustAwait(url, () => import(url));
  return quietly(() => require(url.startsWith('file:') ? fileURLToPath(url) : url) as unknown);
}
