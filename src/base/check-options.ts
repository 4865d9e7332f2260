/**
 * Refuses what is no object of options where one is expected: a bare function, number or text would be left unread, and silently.
 * `example` shows how it is written: `{ maxSize: 5 }`; `hint` says what else may have been meant.
 */
export function checkOptions(options: unknown, what: string, example: string, hint?: string): void {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return;
  const got = options === null || options === undefined ? String(options) : Array.isArray(options) ? 'a list' : `a ${typeof options}`;
  throw new TypeError(`${what} takes an object of options, such as ${example}: got ${got}${hint === undefined ? '' : `. ${hint}`}`);
}
