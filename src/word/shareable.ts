import { readFileSync } from 'node:fs';
import { copyHere, otherCopyWith, symbolOfCopy } from '../base/copy.ts';
import { type Heap, sharedHeap } from './heap.ts';

/*
 * How a shared thing arrives as the same thing.
 *
 * What is shared lives in a block of the heap; a Lock, a Queue or a SharedStruct is this thread's face of
 * that block. A face travels as (kind, offset): the receiving thread looks for the face it already has,
 * and makes one otherwise. A block lives as long as some thread has a face of it or a message names it.
 */

/** The method by which an object says that it is the face of a block. */
export const handle: unique symbol = symbolOfCopy('handle') as never;

export interface Handle {
  /** Registered with `registerKind` by the module that defines the class. */
  readonly kind: string;
  readonly offset: number;
  /** The block that is to be kept, when the thing lies inside another one: a lock in a SharedStruct. Otherwise `offset` is it. */
  readonly block?: number | undefined;
  /** Where the block lies, when it is not the heap of this process's threads. */
  readonly heap?: Heap | undefined;
  /** What else is needed to make a face, as a value that can itself be sent: a subclass, a schema. */
  readonly extra?: unknown;
}

export interface Shareable {
  [handle](): Handle;
}

/*
 * A class that has a static `[field]` can also lie inside another block, as a field of a SharedStruct: its
 * words need no more than `bytes` bytes, aligned to 16, and all zero is its fresh state.
 */
export const field: unique symbol = symbolOfCopy('field') as never;

export interface Field<T extends object> {
  readonly bytes: number;
  /** This thread's face of what lies at `offset` in `block`: the same one each time. */
  at(place: { readonly heap: Heap; readonly block: number; readonly offset: number }): T;
}

type Adopt = (offset: number, extra: unknown, heap: Heap, block: number) => object;

interface Owned {
  readonly heap: Heap;
  readonly offset: number;
  readonly block: number;
  readonly kind: string;
}

const kinds = new Map<string, Adopt>();
const modules = new Map<string, string>();
/** By kind, for the first field of a struct lies where the struct does. */
const facesOf = new WeakMap<Heap, Map<string, Map<number, WeakRef<object>>>>();
/** What this thread's faces keep of the heaps that outlive it. */
const ownedIn = new Map<Heap, Set<Owned>>();
const collected = new FinalizationRegistry<Owned>((owned) => {
  const { heap, offset, block, kind } = owned;
  if (heap !== sharedHeap() && ownedIn.get(heap)?.delete(owned) !== true) return;
  // A new face may have been made between the death of the old one and this call.
  const faces = facesIn(heap, kind);
  if (faces.get(offset)?.deref() === undefined) faces.delete(offset);
  heap.release(block);
});

/** Where one was looked for last, the next one mostly is. */
let [lastHeap, lastKind, lastFaces]: [Heap | null, string, Map<number, WeakRef<object>>] = [null, '', new Map()];

function facesIn(heap: Heap, kind: string): Map<number, WeakRef<object>> {
  if (heap === lastHeap && kind === lastKind) return lastFaces;
  let inHeap = facesOf.get(heap);
  if (inHeap === undefined) facesOf.set(heap, (inHeap = new Map()));
  let faces = inHeap.get(kind);
  if (faces === undefined) inHeap.set(kind, (faces = new Map()));
  [lastHeap, lastKind, lastFaces] = [heap, kind, faces];
  return faces;
}

/**
 * Says how a face of this kind is made in a thread that has none. `module` is the URL of the module that calls this
 * (`import.meta.url`): a thread that receives such a face without having imported it loads it then.
 */
export function registerKind(kind: string, adopt: Adopt, module?: string): void {
  kinds.set(kind, adopt);
  if (module !== undefined) modules.set(kind, module);
}

export function kindIsKnown(kind: string): boolean {
  return kinds.has(kind);
}

export function moduleOfKind(kind: string): string | undefined {
  return modules.get(kind);
}

/** The modules of all kinds that are known here. */
export const kindModules = (): Iterable<string> => modules.values();

/** This thread ends for good: gives up what its faces keep of a heap that lives on. */
export function letGoOfFaces(heap: Heap): void {
  for (const { block } of ownedIn.get(heap) ?? []) heap.release(block);
  ownedIn.delete(heap);
}

export function isShareable(value: unknown): value is Shareable {
  return typeof value === 'object' && value !== null && handle in value;
}

/** Of which other copy of the package a shared thing, or a class of shared things, is, in words: `another copy of manycore, …`. */
export function otherCopyOf(value: object): string | null {
  const copy = otherCopyWith('handle', value) ?? otherCopyWith('field', value);
  return copy === null ? null : `another copy of manycore, ${copyInWords(copy)}; this one is ${copyInWords(copyHere)}`;
}

/** The version of a copy, and the folder of the package. */
function copyInWords(copy: string): string {
  const folder = copy.replace(/^file:\/\//, '').replace(/\/build\/(?:dist|src)\/$/, '');
  try {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', copy), 'utf8')) as { readonly version: string };
    return `${version} in ${decodeURIComponent(folder)}`;
  } catch {
    return `in ${folder}`;
  }
}

/** Makes `face` this thread's face of the block, which it now owns one reference of. Call it in the constructor. */
export function own(kind: string, face: object, offset: number, heap: Heap = sharedHeap(), block: number = offset): void {
  facesIn(heap, kind).set(offset, new WeakRef(face));
  const owned = { heap, offset, block, kind };
  collected.register(face, owned);
  if (heap === sharedHeap()) return;
  let set = ownedIn.get(heap);
  if (set === undefined) ownedIn.set(heap, (set = new Set()));
  set.add(owned);
}

/** This thread's face of a block. The caller's own reference to the block (a message's, say) is left to the caller. */
export function faceOf(kind: string, offset: number, extra: unknown, heap: Heap = sharedHeap(), block: number = offset): object {
  const known = facesIn(heap, kind).get(offset)?.deref();
  if (known !== undefined) return known;
  const adopt = kinds.get(kind);
  if (adopt === undefined) throw new Error(`a shared ${kind} arrived, but its module is not loaded in this thread`);
  heap.retain(block);
  const face = adopt(offset, extra, heap, block);
  // A constructor that owns its block itself has entered the face already.
  if (facesIn(heap, kind).get(offset)?.deref() !== face) own(kind, face, offset, heap, block);
  return face;
}
