import type { Command } from './command.ts';

/** A command as Python shows it: `['ls', '-l']`, or the line itself for a shell. */
export function repr(command: Command): string {
  if (typeof command === 'string') return quoted(command);
  if (isList(command)) return `[${command.map((word) => quoted(textOf(word))).join(', ')}]`;
  return quoted(textOf(command));
}

export const isList = (command: Command): command is readonly (string | Uint8Array | URL)[] => Array.isArray(command);

export function textOf(word: string | Uint8Array | URL): string {
  return typeof word === 'string' ? word : word instanceof URL ? word.pathname : Buffer.from(word).toString();
}

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\t', '\\t').replaceAll('\r', '\\r');
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote;
}
