/*
 * Objects of the language and of Node that hold nothing of the system, but can be read no other way than by what they say of themselves: they are
 * made again from that.
 */
export type PlatformParts = readonly [path: string, args: readonly unknown[]];

type Reader = (value: never) => readonly unknown[];

const readers: Readonly<Record<string, Reader>> = {
  Headers: (headers: Headers) => [[...headers]],
  TextEncoder: () => [],
  TextDecoder: ({ encoding, fatal, ignoreBOM }: InstanceType<typeof TextDecoder>) => [encoding, { fatal, ignoreBOM }],
  // A port makes a Blob of it, up to Node 22.
  File: (file: File) => [[file.slice()], file.name, { type: file.type, lastModified: file.lastModified }],
};

type Named = Readonly<Record<string, unknown>>;
interface Localized {
  resolvedOptions(): { readonly locale: string };
}

/** The class, by its path from the global object, and the arguments that make such an object again; `null` for other objects. */
export function platformParts(value: object): PlatformParts | null {
  const made: unknown = value.constructor;
  if (typeof made !== 'function' || made.prototype !== Object.getPrototypeOf(value)) return null;
  const { name } = made;
  // Node loads what stands behind a global when it is asked for.
  if (Object.hasOwn(readers, name)) return (globalThis as unknown as Named)[name] === made ? [name, readers[name]!(value as never)] : null;
  if ((Intl as unknown as Named)[name] === made) return [`Intl.${name}`, intlArgs(value)];
  const { Temporal } = globalThis as { readonly Temporal?: Named };
  return Temporal?.[name] === made ? [`Temporal.${name}`, [String(value)]] : null;
}

function intlArgs(value: object): readonly unknown[] {
  if (value instanceof Intl.Locale) return [value.toString()];
  const { locale, ...options } = (value as Localized).resolvedOptions();
  return [locale, options];
}

/** Makes such an object again. */
export function makePlatformValue(path: string, args: readonly unknown[]): object {
  const [first, second] = path.split('.') as [string, string?];
  const outer = (globalThis as unknown as Named)[first];
  const made = (second === undefined ? outer : (outer as Named)[second]) as (new (...all: readonly unknown[]) => object) & {
    from(text: unknown): object;
  };
  return first === 'Temporal' ? made.from(args[0]) : new made(...args);
}
