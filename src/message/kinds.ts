import { kindIsKnown, moduleOfKind } from '../word/shareable.ts';
import { requireModule } from './require-module.ts';
import { keysOfShape, numberOfShape } from './shapes.ts';

/*
 * The kinds of shared things, numbered in the same table as shapes, so that a message names one in a word: an entry
 * holds the kind and the module that registers it, and a thread that has not loaded the module does so now.
 */
const numbers = new Map<string, number>();
const kinds: (string | undefined)[] = [];

/** The number of a kind for all threads; -1 when the table is full. */
export function numberOfKind(kind: string): number {
  const known = numbers.get(kind);
  if (known !== undefined) return known;
  const number = numberOfShape([kind, moduleOfKind(kind) ?? '']);
  numbers.set(kind, number);
  return number;
}

/** The kind with this number, its module loaded. */
export function kindByNumber(number: number): string {
  const known = kinds[number];
  if (known !== undefined) return known;
  const [kind, module] = keysOfShape(number) as [string, string];
  loadKind(kind, module);
  return (kinds[number] = kind);
}

export function loadKind(kind: string, module: string | undefined): void {
  if (module && !kindIsKnown(kind)) requireModule(module);
}
