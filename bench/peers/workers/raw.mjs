import { parentPort } from 'node:worker_threads';
import { burn, lengthOf, same, square } from './tasks.mjs';

const tasks = { same, lengthOf, square, burn };
parentPort.on('message', ([id, name, arg]) => parentPort.postMessage([id, tasks[name](arg)]));
