import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import type { Span } from './lane.ts';
import { plain } from './plain.ts';

/** Node's types know no detail of all entries. */
export type Entry = PerformanceEntry & { readonly detail?: unknown };

/** What is taken of what Node measures, as far as this Node does. */
export const ENTRY_TYPES = ['gc', 'mark', 'measure', 'http', 'resource'].filter((type) =>
  (PerformanceObserver as unknown as { readonly supportedEntryTypes: readonly string[] }).supportedEntryTypes.includes(type),
) as ('gc' | 'mark' | 'measure' | 'http' | 'resource')[];

const COLLECTIONS: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor collection',
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major collection',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental marking',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weak callbacks',
};

interface HttpDetail {
  readonly req?: { readonly method?: string; readonly url?: string };
  readonly res?: { readonly statusCode?: number };
}

/** The span of what Node has measured, which began at `begin`. */
export function entrySpan(entry: Entry, begin: number): Span {
  const end = begin + entry.duration * 1000;
  const entryType: string = entry.entryType;
  if (entryType === 'gc') {
    const { kind = 0 } = (entry.detail ?? {}) as { readonly kind?: number };
    return { kind: 'gc', name: COLLECTIONS[kind] ?? 'collection', begin, end };
  }
  if (entryType === 'http') {
    const { req, res } = (entry.detail ?? {}) as HttpDetail;
    const name = `${entry.name === 'HttpRequest' ? 'serves' : 'asks'} ${req?.method ?? ''} ${req?.url ?? ''}`;
    return { kind: 'request', name, begin, end, detail: { status: res?.statusCode } };
  }
  if (entryType === 'resource') return { kind: 'request', name: `fetches ${entry.name}`, begin, end };
  return { kind: 'measure', name: entry.name, begin, end, ...(entry.detail == null ? {} : { detail: plain(entry.detail) }) };
}
