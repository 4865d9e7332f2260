/*
 * A program may hold several copies of the package: one of its own, and others that the packages it uses have brought along, of other versions
 * perhaps. Each has its own threads and its own shared memory, and knows nothing of the others; what the program hands from one to another is
 * told by the name of a symbol, which says whose it is.
 */

/** Where this copy lies, as a URL. */
export const copyHere: string = new URL('../', import.meta.url).href;

/** A symbol that this copy has in all threads and processes, and no other copy. */
export function symbolOfCopy(name: string): symbol {
  return Symbol.for(`manycore.${name} ${copyHere}`);
}

/** Whose `name` a class, or an object of a class, has, when that is another copy: where it lies. */
export function otherCopyWith(name: string, value: object): string | null {
  const prefix = `manycore.${name} `;
  // What a Proxy holds is not looked at: it may run code of the program.
  for (let at = typeof value === 'function' ? value : above(value); at !== null; at = above(at)) {
    for (const symbol of Object.getOwnPropertySymbols(at)) {
      const key = Symbol.keyFor(symbol);
      if (key?.startsWith(prefix) === true) return key.slice(prefix.length) === copyHere ? null : key.slice(prefix.length);
    }
  }
  return null;
}

const above = (object: object): object | null => Object.getPrototypeOf(object) as object | null;
