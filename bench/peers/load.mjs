// `multithreading` needs two things that Node 20 lacks. It gets them, here and in its workers, rather than be left out.
Promise.withResolvers ??= function withResolvers() {
  let resolve, reject;
  const promise = new this((...functions) => ([resolve, reject] = functions));
  return { promise, resolve, reject };
};
globalThis.navigator ??= { hardwareConcurrency: 2, userAgent: 'Node.js' };

/** Packages are looked for beside this file. */
export const load = (name) => import(name);
