// A lock can't be had twice, not even by the thread that holds it.
import { Lock } from 'manycore/threading';

const python = (yes: boolean): string => (yes ? 'True' : 'False');
const lock = new Lock();
console.log('First try :', python((await lock.acquire()) !== null));
console.log('Second try:', python(lock.tryAcquire() !== null));
