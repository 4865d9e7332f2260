import { randomUUID } from 'node:crypto';

/*
 * A job is known by a mark in its comment, and not by its number alone: a controller that was killed and came back does not know the jobs
 * of its last seconds, and gives their numbers out again.
 */
const MARK = /(?:^| )manycore=([0-9a-f-]{36})$/;

export const newMark = (): string => randomUUID();
export const withMark = (comment: string, mark: string): string => `${comment === '' ? '' : `${comment} `}manycore=${mark}`;
export const markOf = (comment: string): string | null => MARK.exec(comment)?.[1] ?? null;
export const withoutMark = (comment: string): string => comment.replace(MARK, '');
