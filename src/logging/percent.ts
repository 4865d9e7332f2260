import { inspect } from 'node:util';
import { isError } from '../base/is-error.ts';

/*
 * Python's `%` formats, for messages and for the lines of a Formatter: `%0.02f`, `%-10s`, `%5d`, `%x`, `%r`, `%(name)s`. Node's own `%o`, `%O`,
 * `%j` and `%i` are there as well.
 */
const DIRECTIVE = /%(?:\((\w+)\))?([-+ 0#]*)(\d+|\*)?(?:\.(\d+|\*))?([diufFeEgGxXsrcoOj%])/g;

/** One value, as a directive writes it. */
export function convert(value: unknown, flags: string, width: number, precision: number | null, type: string): string {
  const text = written(value, type, precision, flags);
  const isNumber = 'diufFeEgGxX'.includes(type);
  const signed = isNumber && /^[^-]/.test(text) && /[+ ]/.test(flags) ? (flags.includes('+') ? '+' : ' ') + text : text;
  if (flags.includes('-')) return signed.padEnd(width);
  if (!flags.includes('0') || !isNumber) return signed.padStart(width);
  const sign = /^[-+ ]/.exec(signed)?.[0] ?? '';
  return sign + signed.slice(sign.length).padStart(width - sign.length, '0');
}

function written(value: unknown, type: string, precision: number | null, flags: string): string {
  switch (type) {
    case 'd':
    case 'i':
    case 'u':
      return typeof value === 'bigint' ? String(value) : String(Math.trunc(Number(value)));
    case 'f':
    case 'F':
      return Number(value).toFixed(precision ?? 6);
    case 'e':
    case 'E': {
      const text = Number(value)
        .toExponential(precision ?? 6)
        .replace(/e([-+])(\d)$/, 'e$10$2');
      return type === 'E' ? text.toUpperCase() : text;
    }
    case 'g':
    case 'G': {
      const text = String(Number(Number(value).toPrecision(Math.max(1, precision ?? 6))));
      return type === 'G' ? text.toUpperCase() : text;
    }
    case 'x':
    case 'X': {
      const text = (flags.includes('#') ? '0x' : '') + (typeof value === 'bigint' ? value : Math.trunc(Number(value))).toString(16);
      return type === 'X' ? text.toUpperCase() : text;
    }
    case 'c':
      return typeof value === 'number' ? String.fromCodePoint(value) : String(value);
    case 'j':
      return JSON.stringify(value) ?? 'undefined';
    case 'r':
    case 'o':
    case 'O':
      return cut(inspect(value), precision);
    default:
      return cut(typeof value === 'object' && value !== null ? shown(value) : String(value), precision);
  }
}

/** An object that has a text of its own by that, any other as Node shows it. */
function shown(value: object): string {
  if (isError(value)) return String(value);
  const { toString } = value as { toString?: unknown };
  return typeof toString === 'function' && toString !== Object.prototype.toString && toString !== Array.prototype.toString
    ? String(value)
    : inspect(value, { depth: 1 });
}

const cut = (text: string, precision: number | null): string => (precision === null ? text : text.slice(0, precision));

/** Writes each directive by what `valueOf` gives for it; one for which it gives `undefined` stays as it is. */
export function replaceDirectives(
  template: string,
  valueOf: (name: string | undefined, whole: string) => { readonly value: unknown } | undefined,
): string {
  return template.replace(
    DIRECTIVE,
    (whole, name: string | undefined, flags: string, width: string | undefined, precision: string | undefined, type: string) => {
      if (type === '%') return '%';
      const wide = width === '*' ? valueOf(undefined, whole) : { value: width ?? 0 };
      const precise = precision === '*' ? valueOf(undefined, whole) : { value: precision ?? null };
      const found = valueOf(name, whole);
      if (found === undefined || wide === undefined || precise === undefined) return whole;
      return convert(found.value, flags, Number(wide.value), precise.value === null ? null : Number(precise.value), type);
    },
  );
}

const joined = (value: unknown): string => (typeof value === 'string' ? value : inspect(value));

/** The message of a record: `%(name)s` takes a field of the one argument, everything else the arguments in turn; the rest is joined on. */
export function formatMessage(message: unknown, args: readonly unknown[]): string {
  if (args.length === 0) return joined(message);
  if (typeof message !== 'string') return [message, ...args].map(joined).join(' ');
  let next = 0;
  let isNamed = false;
  const text = replaceDirectives(message, (name) => {
    if (name !== undefined) {
      isNamed = true;
      const fields = args[0] as Record<string, unknown> | null | undefined;
      return typeof fields === 'object' && fields !== null && name in fields ? { value: fields[name] } : undefined;
    }
    return next < args.length ? { value: args[next++] } : undefined;
  });
  const rest = args.slice(isNamed ? Math.max(1, next) : next);
  return [text, ...rest.map(joined)].join(' ');
}
