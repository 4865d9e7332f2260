import { ThreadWorker } from 'poolifier';
import { burn, lengthOf, same, square } from './tasks.mjs';

export default new ThreadWorker({ same, lengthOf, square, burn });
