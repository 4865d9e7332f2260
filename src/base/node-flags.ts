/** The program of ts-node, which adds itself and its own options to the flags of Node when it is run as a command. */
const TS_NODE = /^[^-].*[\\/]ts-node[\\/]dist[\\/]bin[^\\/]*\.js$/;

/** What Node itself was started with, and the program of ts-node, if that runs this one. */
export function nodeFlags(): { readonly flags: string[]; readonly tsNode: string | null } {
  const end = process.execArgv.findIndex((word) => TS_NODE.test(word));
  if (end < 0) return { flags: [...process.execArgv], tsNode: null };
  return { flags: process.execArgv.slice(0, end), tsNode: process.execArgv[end]! };
}
