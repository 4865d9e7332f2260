/** Refuses options under a name that they have in Python, or elsewhere: who writes it means ours, and would be left without it. Other unknown ones are left unread. */
export function refuseNames(options: object, what: string, ours: ReadonlyMap<string, string>): void {
  for (const name of Object.keys(options)) {
    const here = ours.get(name);
    if (here !== undefined) throw new TypeError(`${what} does not know ${name}: here it is called ${here}`);
  }
}

/** A check that refuses what is no object of options, see `checkOptions`, and options under a name that they have elsewhere. */
export function namesCheck(ours: ReadonlyMap<string, string>): (options: object, what: string, example: string, hint?: string) => void {
  return (options, what, example, hint) => {
    checkOptions(options, what, example, hint);
    refuseNames(options, what, ours);
  };
}

/** Refuses what is no list of arguments: a text would be its letters. */
export function checkArgs(args: unknown): void {
  if (args === undefined || (typeof args === 'object' && args !== null && Symbol.iterator in args)) return;
  throw new TypeError(`args must be a list of arguments, such as [1, 'a']: got ${args === null ? 'null' : typeof args}`);
}

/**
 * Refuses what is no object of options where one is expected: a bare function, number or text would be left unread, and silently.
 * `example` shows how it is written: `{ maxSize: 5 }`; `hint` says what else may have been meant.
 */
export function checkOptions(options: unknown, what: string, example: string, hint?: string): void {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return;
  const got = options === null || options === undefined ? String(options) : Array.isArray(options) ? 'a list' : `a ${typeof options}`;
  throw new TypeError(`${what} takes an object of options, such as ${example}: got ${got}${hint === undefined ? '' : `. ${hint}`}`);
}
