// An event is a flag that threads wait for: as long as it takes, or for a while at a time.
import { setTimeout as sleep } from 'node:timers/promises';
import * as logging from 'manycore/logging';
import { Event, Thread } from 'manycore/threading';

function waitForEvent(event: Event): void {
  logging.debug('wait_for_event starting');
  const isSet = event.waitSync();
  logging.debug('event set: %s', isSet ? 'True' : 'False');
}

function waitForEventTimeout(event: Event, timeout: number): void {
  while (!event.isSet()) {
    logging.debug('wait_for_event_timeout starting');
    const isSet = event.waitSync({ timeout });
    logging.debug('event set: %s', isSet ? 'True' : 'False');
    logging.debug(isSet ? 'processing event' : 'doing other work');
  }
}

logging.basicConfig({ level: 'DEBUG', format: '(%(threadName)-10s) %(message)s', stream: 'stdout' });

const event = new Event();
new Thread({ name: 'block', target: waitForEvent, args: [event] }).start();
new Thread({ name: 'nonblock', target: waitForEventTimeout, args: [event, 2000] }).start();

logging.debug('Waiting before calling Event.set()');
await sleep(300);
event.set();
logging.debug('Event is set');
