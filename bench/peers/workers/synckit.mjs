import { runAsWorker } from 'synckit';
import { same } from './tasks.mjs';

runAsWorker(same);
