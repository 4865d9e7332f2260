import { ThreadWorker } from 'poolifier';
import { burn, same, square } from './tasks.mjs';

export default new ThreadWorker({ same, square, burn });
