/**
 * A result as one line of JSON. What JSON has no word for, and would drop or turn into `null` or `{}` without a word, is written as what comes nearest:
 * a bigint, NaN and the infinities as strings, a Map as an object or a list of pairs, a Set and a typed array as a list, an error by its
 * name and message. `undefined` stays so. Throws `TypeError` for what can't be written at all.
 */
export function toJson(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const text = JSON.stringify(value, instead) as string | undefined;
  if (text === undefined) throw new TypeError(`the result is a ${typeof value}, which can't be printed: return data`);
  return text;
}

function instead(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Map) {
    const isObject = [...value.keys()].every((key) => typeof key === 'string');
    return isObject ? Object.fromEntries(value as Map<string, unknown>) : [...value];
  }
  if (value instanceof Set) return [...value];
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return Array.from(value as Uint8Array);
  if (value instanceof Error) return { name: value.name, message: value.message };
  return value;
}
