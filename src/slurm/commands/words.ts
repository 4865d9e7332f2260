import { DirectiveError } from '../errors.ts';

/** A job, or its number: `12`, `12_3` for an element of an array. */
export type JobLike = string | number | { readonly id: string };

export const listOf = <T>(one: T | readonly T[]): readonly T[] => (Array.isArray(one) ? (one as readonly T[]) : [one as T]);

/** The number as Slurm's commands take it. */
export function idOf(job: JobLike): string {
  const id = String(typeof job === 'object' ? job.id : job);
  if (!/^\d+(_(\d+|\[[\d,:%-]+\]))?(\+\d+)?$/.test(id))
    throw new DirectiveError(`${JSON.stringify(id)} is no number of a job: 12 is one, or 12_3`);
  return id;
}

/** A value of an option whose values are listed with commas. */
export function value(option: string, text: string): string {
  // oxlint-disable-next-line no-control-regex
  if (text === '' || /[,\0-\x1f\x7f]/.test(text.replace(/\[[^\]]*\]/g, '')))
    throw new DirectiveError(`--${option} can't take ${JSON.stringify(text)}: give several values as a list`);
  return text;
}
