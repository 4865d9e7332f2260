import { parentPort } from 'node:worker_threads';
import { burn, same, square } from './tasks.mjs';

const tasks = { same, square, burn };
parentPort.on('message', ([id, name, arg]) => parentPort.postMessage([id, tasks[name](arg)]));
