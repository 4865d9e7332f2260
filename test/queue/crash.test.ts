import assert from 'node:assert/strict';
import { dismissSpares } from '../../src/host/process/spares.ts';
import * as processes from '../../src/multiprocessing/index.ts';
import { LifoQueue, PriorityQueue, Queue, QueueEmpty, QueueShutDown } from '../../src/queue/index.ts';
import { int32, SharedArray, Thread } from '../../src/threading/index.ts';
import { MEDIUM } from '../support/patience.ts';
import { after, test } from '../support/test.ts';
import { until } from '../support/until.ts';

after(dismissSpares);

/** Of a size that takes a while to write. */
const BYTES = 60_000;
const PRODUCERS = 2;
/** More than a producer puts until it is ended. */
const SERIALS = 100_000;

interface Parcel {
  readonly priority: number;
  readonly producer: number;
  readonly serial: number;
  readonly data: Uint8Array;
}

/** Where workers run, and how they are ended in the midst of what they do. */
const PLACES = [
  {
    name: 'thread',
    rounds: 10,
    queues: [
      () => new Queue<Parcel>({ maxSize: 20 }),
      () => new LifoQueue<Parcel>({ maxSize: 20 }),
      () => new PriorityQueue<Parcel>({ maxSize: 20 }),
    ],
    numbers: (length: number): SharedArray => new SharedArray(int32, length),
    start(target: () => void) {
      const thread = new Thread({ target });
      thread.start();
      return { kill: () => thread.terminate() };
    },
  },
  {
    name: 'process',
    rounds: 5,
    queues: [() => new processes.Queue<Parcel>({ maxSize: 20 })],
    numbers: (length: number): SharedArray => new processes.SharedArray(int32, length),
    start(target: () => void) {
      const child = new processes.Process({ target });
      child.start();
      return {
        async kill() {
          child.kill();
          await child.join();
        },
      };
    },
  },
] as const;

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((a, b) => a + b, 0);

for (const { name, rounds, queues, numbers, start } of PLACES) {
  for (const make of queues) {
    test(`${make().constructor.name}: a ${name} that is killed while it puts or gets loses its own item at most, and doubles none`, async () => {
      // What each producer knows that it has put, and how often each of its parcels was got.
      const [put, got] = [numbers(PRODUCERS), numbers(PRODUCERS * SERIALS)];
      const [torn, begun] = [numbers(1), numbers(1)];
      const queue = make();
      let killedConsumers = 0;
      for (let round = 1; round <= rounds; round++) {
        const goal = sum(put) + 20 + ((round * 7) % 13);
        const [putBefore, before] = [[...put], sum(begun)];
        const producers = [0, 1].map((producer) =>
          start(() => {
            for (let serial = put.at(producer)!; ; serial++) {
              const data = new Uint8Array(BYTES).fill(serial);
              queue.putSync({ priority: serial % 5, producer, serial, data });
              Atomics.store(put.view as Int32Array, producer, serial + 1);
            }
          }),
        );
        const consumer = start(() => {
          for (;;) {
            const { producer, serial, data } = queue.getSync();
            Atomics.add(begun.view as Int32Array, 0, 1);
            if (data.length !== BYTES || data.some((byte) => byte !== (serial & 0xff))) Atomics.add(torn.view as Int32Array, 0, 1);
            Atomics.add(got.view as Int32Array, producer * SERIALS + serial, 1);
          }
        });
        // All three are at work: one that is ended while it loads its modules is another matter.
        await until(() => sum(put) > goal && putBefore.every((count, i) => put.at(i)! > count) && sum(begun) > before + 5);
        await Promise.all([...producers, consumer].map((worker) => worker.kill()));
        killedConsumers++;
        // A producer that was killed may have put one that it did not note: its successor goes on behind that.
        for (;;) {
          let parcel: Parcel;
          try {
            parcel = queue.getSync({ timeout: 0 });
          } catch (error) {
            assert.ok(error instanceof QueueEmpty, String(error));
            break;
          }
          got.view[parcel.producer * SERIALS + parcel.serial]! += 1;
          put.view[parcel.producer] = Math.max(put.at(parcel.producer)!, parcel.serial + 1);
        }
        for (let producer = 0; producer < PRODUCERS; producer++)
          if (got.at(producer * SERIALS + put.at(producer)!)! > 0) put.view[producer]! += 1;
      }
      let lost = 0;
      for (let producer = 0; producer < PRODUCERS; producer++) {
        const counts = (got.view as Int32Array).subarray(producer * SERIALS, (producer + 1) * SERIALS);
        lost += counts.subarray(0, put.at(producer)).filter((count) => count === 0).length;
        assert.ok(
          counts.every((count) => count <= 1),
          'a parcel was got twice',
        );
      }
      assert.ok(lost <= killedConsumers, `${lost} parcels are lost, and ${killedConsumers} consumers were killed`);
      assert.equal(torn.at(0), 0, 'a parcel arrived half written');
      assert.equal(queue.size, 0);
    });
  }

  test(`a ${name} that is killed while it shuts a queue down leaves it open or shut, and nobody waiting`, async () => {
    for (let round = 0; round < 3; round++) {
      const queue = name === 'thread' ? new Queue<number>() : new processes.Queue<number>();
      const begun = numbers(1);
      const worker = start(() => {
        queue.putSync(7);
        Atomics.store(begun.view as Int32Array, 0, 1);
        queue.shutdown({ immediate: true });
      });
      await until(() => begun.at(0) === 1);
      await worker.kill();
      try {
        assert.equal(queue.getSync({ timeout: MEDIUM }), 7);
        queue.putNoWait(8);
        assert.equal(queue.getNoWait(), 8);
      } catch (error) {
        assert.ok(error instanceof QueueShutDown, String(error));
      }
    }
  });
}
