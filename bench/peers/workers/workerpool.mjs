import workerpool from 'workerpool';
import { burn, lengthOf, same, square } from './tasks.mjs';

workerpool.worker({ same, lengthOf, square, burn });
