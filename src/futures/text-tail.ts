/** Writes `text` behind the `length` bytes that an area holds; when it is full, what was written first makes room. Gives the new length. */
export function addToTail(area: Uint8Array, length: number, text: Uint8Array): number {
  const added = text.subarray(-area.length);
  const kept = Math.min(length, area.length - added.length);
  area.copyWithin(0, length - kept, length);
  area.set(added, kept);
  return kept + added.length;
}
