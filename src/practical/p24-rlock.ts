// A re-entrant lock can be had again by its owner.
import { RLock } from 'manycore/threading';

const python = (yes: boolean): string => (yes ? 'True' : 'False');
const lock = new RLock();
console.log('First try :', python((await lock.acquire()) !== null));
console.log('Second try:', python(lock.tryAcquire() !== null));
