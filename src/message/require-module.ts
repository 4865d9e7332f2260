import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);

/** Loads an ES module synchronously, by its URL: the same instance that `import` gives. */
export function requireModule(url: string): unknown {
  // Node 20 and 22 warn once that this is new.
  const emitWarning: unknown = Reflect.get(process, 'emitWarning');
  Reflect.set(process, 'emitWarning', () => {});
  try {
    return require(url.startsWith('file:') ? fileURLToPath(url) : url) as unknown;
  } finally {
    Reflect.set(process, 'emitWarning', emitWarning);
  }
}
