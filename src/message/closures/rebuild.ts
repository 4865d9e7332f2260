/*
 * Instances with `#private` members, made again without running a constructor of the program.
 *
 * Only a constructor gives an object its private members. So the text of a class that was sent begins its constructor, and
 * each initialiser, with a look at `isOn`: while an instance is made again they do nothing. What `super()` calls is then
 * a function that gives the object that is there already. The values are set afterwards, by a function from inside the class.
 */
type AnyClass = abstract new (...args: never[]) => object;
type Setter = (object: object, name: string, value: unknown) => void;

const setters = new WeakMap<object, Setter>();

export const rebuild = {
  isOn: false,
  keepSetter: (made: object, setter: Setter): void => void setters.set(made, setter),
};

/** Sets a private field of an instance, or a static one of the class itself; false when `of` is a class that was never sent. */
export function setPrivate(of: object, object: object, name: string, value: unknown): boolean {
  const setter = setters.get(of);
  setter?.(object, name, value);
  return setter !== undefined;
}

export function canRebuild(of: object): boolean {
  return setters.has(of);
}

/** Whatever a constructor's parameters take apart, there is enough of it. */
const anything: unknown = new Proxy(() => {}, {
  get: (_, key) =>
    key === Symbol.iterator
      ? function* () {
          for (;;) yield anything;
        }
      : key === Symbol.toPrimitive
        ? () => ''
        : anything,
});
const ARGUMENTS = Array.from({ length: 64 }, () => anything) as never[];

/** A new object with the private members of a class that extends nothing. */
export function madeBy(base: AnyClass, prototype: object): object {
  return Object.setPrototypeOf(constructed(base), prototype) as object;
}

/** Gives an object the private members that a class adds to those of the class it extends. */
export function mark(derived: AnyClass, object: object): void {
  const parent: unknown = Object.getPrototypeOf(derived);
  Object.setPrototypeOf(derived, function () {
    return object;
  });
  try {
    constructed(derived);
  } finally {
    Object.setPrototypeOf(derived, parent as object);
  }
}

function constructed(made: AnyClass): object {
  rebuild.isOn = true;
  try {
    return Reflect.construct(made, ARGUMENTS) as object;
  } finally {
    rebuild.isOn = false;
  }
}
