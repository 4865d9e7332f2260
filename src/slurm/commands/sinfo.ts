import type { Wait } from '../../base/deadline.ts';
import { parseDuration, parseMegabytes } from '../text/duration.ts';
import { expandNodes } from '../text/node-list.ts';
import { formatOf, orEmpty, rowsOf } from '../text/table.ts';
import { callChecked } from './call.ts';
import { listOf, value } from './words.ts';

/** Nodes of a partition that are in the same state. */
export interface NodeGroup {
  /** The name of the partition. */
  readonly partition: string;
  /** Whether jobs that name no partition go there. */
  readonly isDefault: boolean;
  /** `up`, `down`, `drain` or `inactive`: whether the partition takes jobs. */
  readonly available: string;
  /** Milliseconds; Infinity for none. */
  readonly timeLimit: number | null;
  /** `idle`, `allocated`, `mixed`, `down`, `drained`, …; a mark behind it, as `*` for a node that does not answer, is kept. */
  readonly state: string;
  /** The names of the nodes. */
  readonly nodes: readonly string[];
  /** How many CPUs of these nodes are allocated, idle, neither, and in all. */
  readonly cpus: { readonly allocated: number; readonly idle: number; readonly other: number; readonly total: number };
  /** Megabytes of each node. */
  readonly memory: number | null;
  /** What a `gres` can ask for, as Slurm writes it; empty for nothing. */
  readonly gres: string;
  /** The features that a `constraint` can ask for, with commas; empty for none. */
  readonly features: string;
  /** Why nodes are down or drained. */
  readonly reason: string;
}

/** Which nodes `sinfo` tells of. */
export interface NodeFilter extends Wait {
  /** Those of these partitions; without it, also of hidden ones. */
  readonly partition?: string | readonly string[] | undefined;
  /** These alone, as a list or as Slurm writes it: `node[1-4]`. */
  readonly nodes?: string | readonly string[] | undefined;
  /** Those in one of these states. */
  readonly states?: string | readonly string[] | undefined;
}

const FIELDS = ['Partition', 'Available', 'Time', 'StateLong', 'NodeList', 'CPUsState', 'Memory', 'Gres', 'Features', 'Reason'];

/** The partitions of the cluster, and in which states their nodes are. One call on the controller. */
export async function sinfo({ partition, nodes, states, ...wait }: NodeFilter = {}): Promise<NodeGroup[]> {
  const words = ['sinfo', '--noheader', ...(partition === undefined ? ['--all'] : [])];
  for (const [option, given] of Object.entries({ partition, nodes, states }))
    if (given !== undefined)
      words.push(
        `--${option}=${listOf<string>(given)
          .map((one) => value(option, one))
          .join(',')}`,
      );
  const { stdout } = await callChecked([...words, `--Format=${formatOf(FIELDS)}`], wait);
  return rowsOf(stdout, FIELDS.length).map(nodeGroup);
}

function nodeGroup(row: readonly string[]): NodeGroup {
  const [partition, available, limit, state, nodes, cpus, memory, gres, features, reason] = row as string[] & { readonly length: 10 };
  const [allocated = 0, idle = 0, other = 0, total = 0] = cpus!.split('/').map(Number);
  return {
    partition: partition!.replace(/\*$/, ''),
    isDefault: partition!.endsWith('*'),
    available: available!,
    timeLimit: parseDuration(limit!),
    state: state!,
    nodes: expandNodes(orEmpty(nodes!)),
    cpus: { allocated, idle, other, total },
    memory: parseMegabytes(memory!.replace(/\+$/, '')),
    gres: orEmpty(gres!),
    features: orEmpty(features!),
    reason: orEmpty(reason!),
  };
}
