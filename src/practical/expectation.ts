/** A line that a program shows: its text, or a pattern for the whole of it. */
export type Line = string | RegExp;

/** What a program must print. Tells what is missing or too much; `null` when all is as it should be. */
export type Expectation = (lines: readonly string[]) => string | null;

const fits = (line: string, wanted: Line): boolean => (typeof wanted === 'string' ? line === wanted : wanted.test(line));
const quote = (wanted: Line): string => (typeof wanted === 'string' ? JSON.stringify(wanted) : String(wanted));

/** These lines and no others, in this order. */
export function exactly(...wanted: readonly Line[]): Expectation {
  return (lines) => {
    const at = wanted.findIndex((line, i) => lines[i] === undefined || !fits(lines[i], line));
    if (at >= 0)
      return `line ${at + 1} should be ${quote(wanted[at]!)}: ${lines[at] === undefined ? 'there is none' : JSON.stringify(lines[at])}`;
    return lines.length > wanted.length ? `there is a line too many: ${JSON.stringify(lines[wanted.length])}` : null;
  };
}

/** These lines in this order; others may stand between them. */
export function inOrder(...wanted: readonly Line[]): Expectation {
  return (lines) => {
    let from = 0;
    for (const line of wanted) {
      const at = lines.findIndex((one, i) => i >= from && fits(one, line));
      if (at < 0) return `${quote(line)} does not come${from > 0 ? ` after ${JSON.stringify(lines[from - 1])}` : ''}`;
      from = at + 1;
    }
    return null;
  };
}

/** Each of these lines once, in any order; others may stand between them. */
export function inAnyOrder(...wanted: readonly Line[]): Expectation {
  return (lines) => {
    const left = [...lines];
    for (const line of wanted) {
      const at = left.findIndex((one) => fits(one, line));
      if (at < 0) return `${quote(line)} is not there`;
      left.splice(at, 1);
    }
    return null;
  };
}

/** So many lines of this kind. */
export function times(count: number, wanted: Line): Expectation {
  return (lines) => {
    const found = lines.filter((line) => fits(line, wanted)).length;
    return found === count ? null : `${quote(wanted)} should be there ${count} times: ${found}`;
  };
}

/** So many different lines of this kind. */
export function different(count: number, wanted: RegExp): Expectation {
  return (lines) => {
    const found = new Set(lines.flatMap((line) => wanted.exec(line)?.[1] ?? []));
    return found.size === count ? null : `${quote(wanted)} should give ${count} different ones: ${[...found].join(', ')}`;
  };
}

/** No such line. */
export function never(unwanted: Line): Expectation {
  return (lines) => {
    const found = lines.find((line) => fits(line, unwanted));
    return found === undefined ? null : `${JSON.stringify(found)} should not be there`;
  };
}

/** No others than these kinds. */
export function nothingBut(...kinds: readonly RegExp[]): Expectation {
  return (lines) => {
    const stranger = lines.find((line) => !kinds.some((kind) => kind.test(line)));
    return stranger === undefined ? null : `${JSON.stringify(stranger)} should not be there`;
  };
}

/** Something about the whole that no line tells alone. */
export function holds(what: string, test: (lines: readonly string[]) => boolean): Expectation {
  return (lines) => (test(lines) ? null : `it should hold that ${what}`);
}

/** One of these. */
export function either(...expectations: readonly Expectation[]): Expectation {
  return (lines) => {
    const faults = expectations.map((one) => one(lines));
    return faults.includes(null) ? null : faults.at(-1)!;
  };
}

/** All of these. */
export function all(...expectations: readonly Expectation[]): Expectation {
  return (lines) => expectations.map((one) => one(lines)).find((fault) => fault !== null) ?? null;
}
