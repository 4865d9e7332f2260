/** What a round has tried, done, and found wrong. */
export interface Tally {
  /** How many faults of each kind were caused. */
  readonly faults: Record<string, number>;
  /** How much of each kind was done, and found right. */
  readonly done: Record<string, number>;
  /** What was lost, doubled, left over, or told by an error that does not say what was done to it. */
  readonly wrong: string[];
  /** What could not be tried on this machine, and why. */
  readonly leftOut: string[];
}

export const emptyTally = (): Tally => ({ faults: {}, done: {}, wrong: [], leftOut: [] });

const addAll = (to: Record<string, number>, from: Readonly<Record<string, number>>): void => {
  for (const [name, count] of Object.entries(from)) to[name] = (to[name] ?? 0) + count;
};

export function addTally(to: Tally, from: Tally): void {
  addAll(to.faults, from.faults);
  addAll(to.done, from.done);
  to.wrong.push(...from.wrong);
  for (const reason of from.leftOut) if (!to.leftOut.includes(reason)) to.leftOut.push(reason);
}

/** As a text: what was tried, what was done, what was lost. */
export function describe({ faults, done, wrong, leftOut }: Tally): string {
  const list = (of: Readonly<Record<string, number>>): string[] =>
    Object.entries(of)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, count]) => `  ${String(count).padStart(7)}  ${name}`);
  return [
    'what was done to it',
    ...list(faults),
    'what came through, each looked at',
    ...list(done),
    ...leftOut.map((reason) => `left out: ${reason}`),
    wrong.length === 0 ? 'lost: nothing' : `wrong:\n${wrong.map((line) => `  ${line}`).join('\n')}`,
  ].join('\n');
}
