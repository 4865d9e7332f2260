// Exercise: the constructor of a subclass runs once in each thread, so all begin with the same value.
import * as logging from 'manycore/logging';
import { Local, Thread } from 'manycore/threading';

class MyLocal extends Local {
  declare value: number;
  constructor(value: number) {
    super(value);
    logging.debug('Initializing');
    this.value = value;
  }
}

function worker(data: MyLocal): void {
  logging.debug('value=%s', data.value);
  data.value = 1 + Math.floor(Math.random() * 100);
  logging.debug('value=%s', data.value);
}

logging.basicConfig({ level: 'DEBUG', format: '(%(threadName)-10s) %(message)s', stream: 'stdout' });

const data = new MyLocal(1000);
logging.debug('value=%s', data.value);
for (let i = 0; i < 2; i++) new Thread({ target: worker, args: [data] }).start();
