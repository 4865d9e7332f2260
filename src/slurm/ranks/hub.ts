/*
 * What the tasks of a step do together, as the first of them sees it. Each takes part in the first meeting, the second, and so on, whoever is early or
 * late; a meeting is over when all have come, and then each is told what it gets.
 */
export const BARRIER = 1;
export const GATHER = 2;
export const ALL_GATHER = 3;
export const BROADCAST = 4;
export const SCATTER = 5;
const NAMES: Readonly<Record<number, string>> = {
  [BARRIER]: 'barrier',
  [GATHER]: 'gather',
  [ALL_GATHER]: 'allGather',
  [BROADCAST]: 'broadcast',
  [SCATTER]: 'scatter',
};

/** What one task does at a meeting. */
export interface Part {
  readonly kind: number;
  /** The task that gathers, or that gives. */
  readonly root: number;
  /** What it brings: one message, or with `scatter` one for each task. */
  readonly values: readonly Uint8Array[];
}

/** How a meeting ends for one task. */
export type Reply = { readonly values: readonly Uint8Array[] } | { readonly refusal: string };

interface Meeting {
  readonly parts: (Part | undefined)[];
  left: number;
}

export class Hub {
  readonly #size: number;
  readonly #reply: (rank: number, meeting: number, reply: Reply) => void;
  readonly #meetings = new Map<number, Meeting>();

  constructor(size: number, reply: (rank: number, meeting: number, reply: Reply) => void) {
    this.#size = size;
    this.#reply = reply;
  }

  /** A task comes to a meeting. */
  come(rank: number, number: number, part: Part): void {
    let meeting = this.#meetings.get(number);
    if (meeting === undefined) this.#meetings.set(number, (meeting = { parts: Array.from({ length: this.#size }), left: this.#size }));
    meeting.parts[rank] = part;
    if (--meeting.left > 0) return;
    this.#meetings.delete(number);
    const parts = meeting.parts as Part[];
    const refusal = disagreement(parts);
    for (let i = 0; i < this.#size; i++) this.#reply(i, number, refusal === null ? { values: shareOf(i, parts) } : { refusal });
  }
}

function disagreement(parts: readonly Part[]): string | null {
  const [first] = parts as [Part];
  const other = parts.findIndex(({ kind, root }) => kind !== first.kind || root !== first.root);
  if (other < 0) return null;
  const describe = ({ kind, root }: Part): string =>
    `${NAMES[kind]!}${kind === BARRIER || kind === ALL_GATHER ? '' : ` with root ${root}`}`;
  return `task 0 calls ${describe(first)} where task ${other} calls ${describe(parts[other]!)}: all tasks have to call the same, in the same order`;
}

function shareOf(rank: number, parts: readonly Part[]): readonly Uint8Array[] {
  const { kind, root } = parts[rank]!;
  switch (kind) {
    case GATHER:
      return rank === root ? parts.map(({ values }) => values[0]!) : [];
    case ALL_GATHER:
      return parts.map(({ values }) => values[0]!);
    case BROADCAST:
      return parts[root]!.values;
    case SCATTER:
      return [parts[root]!.values[rank]!];
    default:
      return [];
  }
}
