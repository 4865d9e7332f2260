const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = 'January February March April May June July August September October November December'.split(' ');
const two = (value: number, digits = 2): string => String(value).padStart(digits, '0');

/** A moment as Python's `strftime` writes it, in English and local time; `utc` for UTC. Letters that it doesn't know stay. */
export function strftime(date: Date, format: string, utc = false): string {
  // A date whose UTC fields are the local time.
  const offset = utc ? 0 : -date.getTimezoneOffset();
  const shifted = new Date(date.getTime() + offset * 60_000);
  const [year, month, day, hour] = [shifted.getUTCFullYear(), shifted.getUTCMonth(), shifted.getUTCDate(), shifted.getUTCHours()];
  const sign = offset < 0 ? '-' : '+';
  const parts: Readonly<Record<string, () => string>> = {
    Y: () => String(year),
    y: () => two(year % 100),
    m: () => two(month + 1),
    B: () => MONTHS[month]!,
    b: () => MONTHS[month]!.slice(0, 3),
    d: () => two(day),
    j: () => two(Math.floor((Date.UTC(year, month, day) - Date.UTC(year, 0, 1)) / 86_400_000) + 1, 3),
    A: () => DAYS[shifted.getUTCDay()]!,
    a: () => DAYS[shifted.getUTCDay()]!.slice(0, 3),
    H: () => two(hour),
    I: () => two(hour % 12 || 12),
    p: () => (hour < 12 ? 'AM' : 'PM'),
    M: () => two(shifted.getUTCMinutes()),
    S: () => two(shifted.getUTCSeconds()),
    f: () => two(shifted.getUTCMilliseconds() * 1000, 6),
    z: () => sign + two(Math.floor(Math.abs(offset) / 60)) + two(Math.abs(offset) % 60),
    '%': () => '%',
  };
  return format.replace(/%([a-zA-Z%])/g, (whole, letter: string) => parts[letter]?.() ?? whole);
}
