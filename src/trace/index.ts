/**
 * When each thread and process of a program ran what and waited for what: a timeline.
 *
 * @module
 */
export type { TraceEvent, TraceFile } from './events.ts';
export { mark, span } from './span.ts';
export { timelinePage } from './timeline-page.ts';
export { Trace } from './trace.ts';
