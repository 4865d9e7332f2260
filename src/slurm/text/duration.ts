import { DirectiveError } from '../errors.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Milliseconds as Slurm writes a time: `1-02:03:04`. Rounded up to seconds. */
export function formatDuration(ms: number): string {
  if (!(ms > 0) || !Number.isFinite(ms))
    throw new DirectiveError(`a time is a positive number of milliseconds, or text as 1:00:00: got ${ms}`);
  const seconds = Math.ceil(ms / SECOND);
  const two = (n: number): string => String(Math.floor(n) % 60).padStart(2, '0');
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor((seconds % 86_400) / 3600);
  return `${days > 0 ? `${days}-` : ''}${String(hours).padStart(2, '0')}:${two(seconds / 60)}:${two(seconds)}`;
}

/** Milliseconds of a time as Slurm writes it: minutes, `M:S`, `H:M:S`, `D-H`, `D-H:M`, `D-H:M:S`; `Infinity` for UNLIMITED, null for no time. */
export function parseDuration(text: string): number | null {
  if (/^(UNLIMITED|INFINITE)$/i.test(text)) return Infinity;
  const match = /^(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?$/.exec(text);
  if (match === null) return null;
  const [, days, a, b, c] = match;
  const n = Number;
  if (days !== undefined) return n(days) * DAY + n(a) * HOUR + n(b ?? 0) * MINUTE + n(c ?? 0) * SECOND;
  if (c !== undefined) return n(a) * HOUR + n(b) * MINUTE + n(c) * SECOND;
  return b === undefined ? n(a) * MINUTE : n(a) * MINUTE + n(b) * SECOND;
}

/** A moment as Slurm prints it, on the clock of this machine; null for N/A, Unknown, None. */
export function parseMoment(text: string): Date | null {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(text) ? new Date(text) : null;
}

/** Megabytes of a size as Slurm prints it: `500M`, `4G`, `1.50T`; a bare number is megabytes. Null for anything else. */
export function parseMegabytes(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)([KMGTP]?)[nc]?$/i.exec(text);
  if (match === null) return null;
  const power = 'KMGTP'.indexOf((match[2] || 'M').toUpperCase());
  return Number(match[1]) * 1024 ** (power - 1);
}
