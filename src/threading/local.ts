import { inspect } from 'node:util';
import { onThreadEnd } from '../host/thread/run-thread.ts';
import { sharedHeap } from '../word/heap.ts';
import { self } from '../word/self.ts';
import { type Handle, handle, own, registerKind } from '../word/shareable.ts';

type Values = Record<PropertyKey, unknown>;

/** The values that each thread of this worker has set, by its number: gone with the thread, and with the object. */
const valuesOf = new Map<number, WeakMap<object, Values>>();
onThreadEnd.push((id) => void valuesOf.delete(id));

/** The object that a constructor is being run for, instead of making a new one. */
let settingUp: Local | null = null;

interface Core {
  readonly offset: number;
  readonly subclass: new (...args: never[]) => Local;
  readonly args: readonly unknown[];
}

/**
 * Values that every thread has for itself: Python's `threading.local`. What one thread sets, no other sees, although the object
 * is the same in all of them; the values of a thread go with it.
 *
 * The constructor of a subclass runs once in each thread, at the first use there: what it sets, every thread begins with.
 * Arguments that it needs, it hands on by `super(...args)`; they travel with the object.
 */
export class Local {
  [name: PropertyKey]: unknown;

  constructor(...args: readonly unknown[]) {
    if (settingUp !== null) return settingUp;
    if (new.target === Local && args.length > 0)
      throw new TypeError('a Local takes no arguments: extend it by a class whose constructor does');
    const heap = sharedHeap();
    const core: Core = { offset: heap.allocate(16), subclass: new.target, args };
    const local = faceOfLocal(core);
    // The constructor that runs now sets up the values of this thread.
    valuesHere().set(local, {});
    return local;
  }
}

// The Proxy answers for each Local itself; this is for other copies of the package, which are to know whose a Local is.
Object.defineProperty(Local.prototype, handle, { value: null });

function valuesHere(): WeakMap<object, Values> {
  let values = valuesOf.get(self.id);
  if (values === undefined) valuesOf.set(self.id, (values = new WeakMap()));
  return values;
}

function faceOfLocal(core: Core): Local {
  const handleOf = (): Handle => ({ kind: 'local', offset: core.offset, extra: [core.subclass, core.args] });

  /** This thread's values, set up at the first use. */
  function values(): Values {
    const known = valuesHere().get(local);
    if (known !== undefined) return known;
    const fresh: Values = {};
    valuesHere().set(local, fresh);
    if (core.subclass !== (Local as unknown)) {
      const before = settingUp;
      settingUp = local;
      try {
        Reflect.construct(core.subclass, core.args);
      } catch (error) {
        valuesHere().delete(local);
        throw error;
      } finally {
        settingUp = before;
      }
    }
    return fresh;
  }

  const local: Local = new Proxy(Object.create(core.subclass.prototype as object) as Local, {
    get(target, key, receiver) {
      if (key === handle) return handleOf;
      if (key === inspect.custom) return () => `<${core.subclass.name} ${inspect(values())}>`;
      const own = values();
      return Object.hasOwn(own, key) ? own[key] : (Reflect.get(target, key, receiver) as unknown);
    },
    set(target, key, value, receiver) {
      const setter = findSetter(target, key);
      if (setter !== undefined) setter.call(receiver, value);
      else values()[key] = value;
      return true;
    },
    has: (target, key) => key === handle || Object.hasOwn(values(), key) || Reflect.has(target, key),
    deleteProperty: (_, key) => Reflect.deleteProperty(values(), key),
    ownKeys: () => Reflect.ownKeys(values()),
    getOwnPropertyDescriptor: (_, key) => {
      const own = values();
      // A proxy may show only what could be deleted again.
      return Object.hasOwn(own, key) ? { value: own[key], writable: true, enumerable: true, configurable: true } : undefined;
    },
    defineProperty(_, key, { value }) {
      values()[key] = value;
      return true;
    },
  });
  own('local', local, core.offset);
  return local;
}

function findSetter(target: object, key: PropertyKey): ((value: unknown) => void) | undefined {
  for (let at: object | null = target; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const descriptor = Object.getOwnPropertyDescriptor(at, key);
    if (descriptor !== undefined) return descriptor.set;
  }
  return undefined;
}

registerKind(
  'local',
  (offset, extra) => {
    const [subclass, args] = extra as readonly [Core['subclass'], readonly unknown[]];
    return faceOfLocal({ offset, subclass, args });
  },
  import.meta.url,
);
