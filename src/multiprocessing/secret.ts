/** What two programs know, and nobody else: bytes, or a text. */
export type Secret = Uint8Array | string;

/** `TypeError` when it is none. */
export function secretBytes(secret: Secret): Uint8Array {
  if (typeof secret === 'string') return Buffer.from(secret);
  if (secret instanceof Uint8Array) return secret;
  throw new TypeError(`a secret is a text or bytes: got ${typeof secret}`);
}
