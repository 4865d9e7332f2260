import Module, { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { nodeFlags } from '../../base/node-flags.ts';
import { quietly } from '../../message/require-module.ts';

/*
 * When an ES module is required, Node 20 and 22 ask V8 whether it has top-level await at once after linking it, also where linking was cut short because
 * the thread is being terminated; and V8 aborts the whole process. Node 24 asks in a second call, which a thread that is being terminated does not come to.
 * So it is made here too. The method is one of a class within Node. An object of that class is put into the CommonJS module that stands for an ES
 * module, under a symbol of Node's own, before it links anything.
 */
interface ModuleWrap {
  /** Links. */
  readonly instantiate: () => void;
  /** Links, and says whether the module, or one that it imports, has top-level await. */
  instantiateSync: () => boolean;
}

const isNeeded = Number(process.versions.node.split('.')[0]) < 24;
const SYMBOL = 'kRequiredModuleSymbol';
/** Where Node may load CommonJS that is imported in a way of its own, past the CommonJS modules. */
const HOOKS = /^(?:--import|--require|-r|--(?:experimental-)?loader|--experimental-default-type)(?:=|$)/;

const { _cache: cache } = Module as unknown as { readonly _cache: Record<string, unknown> };

/** Node asks a module that it finds half loaded whether it stands for an ES module. */
function findSymbol(): symbol | undefined {
  const require = createRequire(import.meta.url);
  const file = require.resolve(fileURLToPath(import.meta.url));
  const before = cache[file];
  let found: symbol | undefined;
  const get = (target: object, key: string | symbol): unknown => {
    if (typeof key === 'symbol' && key.description === SYMBOL) found = key;
    return Reflect.get(target, key) as unknown;
  };
  cache[file] = new Proxy({ loaded: false, exports: {}, children: [] }, { get });
  try {
    require(file);
  } finally {
    if (before === undefined) delete cache[file];
    else cache[file] = before;
  }
  return found;
}

function linkFirst(wrap: ModuleWrap): void {
  const methods = Object.getPrototypeOf(wrap) as ModuleWrap;
  const { instantiateSync: linkAndAsk } = methods;
  methods.instantiateSync = function instantiateSync(this: ModuleWrap) {
    this.instantiate();
    // What is linked it does not link again.
    return linkAndAsk.call(this);
  };
}

/** Has this thread, which may be terminated at any moment, link the ES modules that it requires so that Node survives that. */
export function linkSafely(): void {
  if (!isNeeded) return;
  const symbol = findSymbol();
  if (symbol === undefined) return;
  const { prototype } = Module;
  Object.defineProperty(prototype, symbol, {
    configurable: true,
    set(this: object, wrap: ModuleWrap | undefined) {
      Object.defineProperty(this, symbol, { value: wrap, writable: true, enumerable: true, configurable: true });
      if (wrap === undefined) return;
      Reflect.deleteProperty(prototype, symbol);
      linkFirst(wrap);
    },
  });
  if (nodeFlags().flags.some((flag) => HOOKS.test(flag)) || process.env['NODE_OPTIONS'] !== undefined) requireNothing();
}

/** Requires an ES module that has nothing in it. */
function requireNothing(): void {
  const file = fileURLToPath(new URL('./nothing.mjs', import.meta.url));
  const module = new Module(file) as Module & { _compile(text: string, file: string, format: string): void };
  quietly(() => module._compile('', file, 'module'));
}
