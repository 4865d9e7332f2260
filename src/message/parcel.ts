import { types } from 'node:util';
import { MessagePort } from 'node:worker_threads';

/*
 * What bytes can't carry, and a port can: the value itself goes beside the message, as a parcel.
 */

/** Objects that a port hands to another thread whole, without being asked to move them. */
const CLONED = new Set([
  'Blob',
  'File',
  'CryptoKey',
  'KeyObject',
  'SecretKeyObject',
  'PublicKeyObject',
  'PrivateKeyObject',
  'X509Certificate',
  'BlockList',
  'SocketAddress',
  'Module',
]);

export function isParcel(value: object): boolean {
  if (value instanceof MessagePort) return true;
  if (types.isExternal(value)) return false;
  const name = (value.constructor as { readonly name?: unknown } | undefined)?.name;
  return typeof name === 'string' && CLONED.has(name) && isPlatformObject(value);
}

/** Only the platform's own objects carry its mark; a program's class of the same name does not. */
function isPlatformObject(value: object): boolean {
  if (Object.prototype.toString.call(value) === '[object WebAssembly.Module]' || types.isKeyObject(value) || types.isCryptoKey(value))
    return true;
  // Up to Node 22 a File has the mark of a Blob, and arrives as one.
  if (value.constructor.name === 'File') return isMarked(Object.getPrototypeOf(value) as object);
  for (let at: object | null = value; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    if (isMarked(at)) return true;
  }
  return false;
}

const isMarked = (object: object): boolean =>
  Object.getOwnPropertySymbols(object).some(({ description }) => description === 'messaging_clone_symbol');

/** Whether sending it means to give it away. */
export function mustBeTransferred(value: object): boolean {
  return value instanceof MessagePort;
}
