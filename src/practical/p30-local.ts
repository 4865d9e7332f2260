// Values that every thread has for itself: what one sets, no other sees.
import * as logging from 'manycore/logging';
import { Local, Thread } from 'manycore/threading';

function showValue(data: Local): void {
  if ('value' in data) logging.debug('value=%s', data['value']);
  else logging.debug('No value yet');
}

function worker(data: Local): void {
  showValue(data);
  data['value'] = 1 + Math.floor(Math.random() * 100);
  showValue(data);
}

logging.basicConfig({ level: 'DEBUG', format: '(%(threadName)-10s) %(message)s', stream: 'stdout' });

const data = new Local();
showValue(data);
data['value'] = 1000;
showValue(data);
for (let i = 0; i < 2; i++) new Thread({ target: worker, args: [data] }).start();
