import assert from 'node:assert/strict';
import { emit } from '../../../src/futures/index.ts';
import { decode, encode } from '../../../src/message/index.ts';
import type { Channel } from '../../../src/slurm/channel/channel.ts';
import { CODE, KIND_BITS } from '../../../src/slurm/channel/codes.ts';
import { ChannelError } from '../../../src/slurm/channel/errors.ts';
import type { OnRecord } from '../../../src/slurm/channel/records.ts';
import { Dispatcher } from '../../../src/slurm/executor/link/dispatcher.ts';
import { Peer } from '../../../src/slurm/executor/link/peer.ts';
import type { Hello } from '../../../src/slurm/executor/manager/hello.ts';
import { Manager } from '../../../src/slurm/executor/manager/manager.ts';
import { test } from '../../support/test.ts';
import { until } from '../../support/until.ts';

/* A driver and a node without a network between them: it breaks where the test wants it to. */
const hello: Hello = {
  version: '',
  node: '',
  endianness: 'LE',
  host: 'here',
  pid: 1,
  allocation: 0,
  rank: 0,
  job: null,
  cpus: 1,
  confirmed: 0,
  reconnects: 0,
};

/** One direction of a connection: what is said is heard in a later turn, unless it has been cut by then. */
class Wire {
  isClosed = false;
  readonly hear: OnRecord;
  constructor(hear: OnRecord) {
    this.hear = hear;
  }
  send(code: number, id = 0, extra = 0, body: Uint8Array | null = null): void {
    const bytes = body === null ? Buffer.alloc(0) : Buffer.from(body);
    setImmediate(() => {
      if (!this.isClosed) this.hear(code, id, extra, bytes);
    });
  }
}
const channel = (wire: Wire): Channel => wire as unknown as Channel;
const message = (value: unknown): Uint8Array => new Uint8Array(encode(value, { where: 'program' }).bytes);

function setUp(onRecord: OnRecord): {
  readonly manager: Manager;
  readonly dispatcher: Dispatcher;
  readonly connect: () => Promise<void>;
  readonly cut: () => void;
} {
  const manager = new Manager({ workerType: 'threads', workers: 1, maxTasksPerWorker: null, initializer: null }, 1);
  const dispatcher = new Dispatcher(
    {
      toProgram: (code, id, extra, body) => onRecord(code, id, extra, Buffer.from(body ?? [])),
      // Nobody can say why: the node comes back before that.
      describeLoss: () => new Promise(() => {}),
      answer: () => {},
      wantsNodes: () => {},
      ended: () => {},
      confirms: () => {},
    },
    0,
  );
  let peer: Peer | null = null;
  let wires: readonly Wire[] = [];
  let results = 0;
  return {
    manager,
    dispatcher,
    async connect() {
      const held: number[] = [];
      const toManager = new Wire((code, id, extra, body) => manager.hear(code, id, extra, body));
      const toDriver = new Wire((code, id, extra, body) => {
        if (code === CODE.held) held.push(id);
        else if (code !== CODE.heldAll) dispatcher.hear(peer!, code, id, extra, body);
      });
      wires = [toManager, toDriver];
      peer = new Peer(0, hello, channel(toManager), 1, results);
      manager.tellHeld(channel(toDriver));
      await new Promise((resolve) => setImmediate(resolve));
      manager.attach(channel(toDriver), peer.results);
      dispatcher.add(peer, held);
      dispatcher.deal();
    },
    cut() {
      for (const wire of wires) wire.isClosed = true;
      manager.detach();
      ({ results } = peer!);
      dispatcher.lose(peer!, new ChannelError('ERR_CHANNEL_BROKEN', 'cut by a test'));
    },
  };
}

test('a connection that breaks again and again loses nothing of what a task says and yields, and nothing comes twice', async () => {
  const heard: unknown[] = [];
  const yielded: unknown[] = [];
  let outcome = -1;
  const { manager, dispatcher, connect, cut } = setUp((code, id, extra, body) => {
    if (code === CODE.said) {
      heard.push(decode(body));
      dispatcher.follow(id, CODE.heard, 1);
    } else if (code === CODE.yielded) {
      yielded.push(decode(body));
      dispatcher.follow(id, CODE.taken, 1);
    } else if (code === CODE.streamed || code === CODE.result) outcome = extra & ((1 << KIND_BITS) - 1);
  });
  await connect();
  dispatcher.setFunction(
    1,
    Buffer.from(
      message(function* (n: number) {
        for (let i = 0; i < n; i++) {
          emit(i);
          yield i;
        }
      }),
    ),
  );
  dispatcher.submit(7, CODE.task, 1, Buffer.from(message([3000])), { limit: 0, priority: 0, isHeard: true });
  dispatcher.deal();
  for (const place of [1, 100, 900, 901, 2000]) {
    await until(() => yielded.length >= place, `${place} values`);
    cut();
    await new Promise((resolve) => setImmediate(resolve));
    await connect();
  }
  await until(() => outcome >= 0, 'the end');
  assert.equal(outcome, 0);
  const all = Array.from({ length: 3000 }, (_, i) => i);
  assert.deepEqual(yielded, all);
  assert.deepEqual(heard, all);
  assert.equal(dispatcher.outstanding, 0);
  await manager.leave('the test has ended');
});

test('a stream that nobody reads any more while its node is away is stopped when it comes back', async () => {
  let isOver = false;
  let yielded = 0;
  const { manager, dispatcher, connect, cut } = setUp((code) => {
    if (code === CODE.yielded) yielded++;
    if (code === CODE.streamed) isOver = true;
  });
  await connect();
  dispatcher.setFunction(
    1,
    Buffer.from(
      message(function* () {
        for (;;) yield 1;
      }),
    ),
  );
  dispatcher.submit(7, CODE.task, 1, Buffer.from(message([])), { limit: 0, priority: 0, isHeard: false });
  dispatcher.deal();
  await until(() => yielded === 32, 'as many values as may be under way');
  cut();
  dispatcher.follow(7, CODE.stop, 0);
  await connect();
  await until(() => isOver, 'the stream to end');
  assert.equal(dispatcher.outstanding, 0);
  await manager.leave('the test has ended');
});
