import workerpool from 'workerpool';
import { burn, same, square } from './tasks.mjs';

workerpool.worker({ same, square, burn });
