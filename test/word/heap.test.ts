import assert from 'node:assert/strict';
import { registerContents, SharedHeap } from '../../src/word/heap.ts';
import { test } from '../support/test.ts';

test('a block is zero, aligned, and apart from every other', () => {
  const heap = new SharedHeap();
  const offsets = [8, 16, 17, 64, 65, 1000, 100_000, 5_000_000].map((bytes) => ({ bytes, offset: heap.allocate(bytes) }));
  for (const { bytes, offset } of offsets) {
    assert.equal(offset % 16, 0);
    assert.ok(heap.sizeOf(offset) >= bytes);
    assert.ok(heap.bytes.subarray(offset, offset + bytes).every((byte) => byte === 0));
    heap.bytes.fill(0xff, offset, offset + bytes);
  }
  for (const { bytes, offset } of offsets) assert.ok(heap.bytes.subarray(offset, offset + bytes).every((byte) => byte === 0xff));
});

test('a block is used again when its last owner has let it go', () => {
  const heap = new SharedHeap();
  const offset = heap.allocate(40);
  heap.bytes.fill(7, offset, offset + 40);
  heap.retain(offset);
  heap.release(offset);
  assert.notEqual(heap.allocate(40), offset);
  heap.release(offset);
  assert.equal(heap.allocate(40), offset);
  assert.ok(heap.bytes.subarray(offset, offset + 40).every((byte) => byte === 0));
});

test('blocks that one thread frees serve another thread', () => {
  const producer = new SharedHeap();
  const consumer = new SharedHeap(producer.buffer);
  const before = producer.top;
  for (let i = 0; i < 200_000; i++) consumer.release(producer.allocate(256));
  assert.ok(producer.top - before < 1 << 20, `the heap grew by ${producer.top - before} bytes`);
});

test('a thread that is killed takes little of what others have freed with it: of each size what lies in a chunk, and none of the large blocks that it did not use', () => {
  const heap = new SharedHeap();
  for (const [size, count, lost] of [
    [1 << 20, 50, 1],
    [1 << 16, 50, 1],
    [1 << 12, 500, 16],
    [200, 5000, 256],
  ] as const) {
    const blocks = Array.from({ length: count }, () => heap.allocateAnyhow(size));
    for (const block of blocks) heap.release(block);
    // What this one has at hand is used first.
    const killed = new SharedHeap(heap.buffer);
    killed.allocateAnyhow(size);
    const before = heap.top;
    for (let i = 0; i < count - lost; i++) heap.allocateAnyhow(size);
    assert.equal(heap.top, before, `${size} bytes`);
  }
});

test('a block that lies across the end of what a thread has seen of the heap is written whole, however it came to the thread', () => {
  for (const frees of ['the other thread', 'the thread itself']) {
    const grower = new SharedHeap();
    const late = new SharedHeap(grower.buffer);
    const seen = late.bytes.length;
    const size = 1 << 18;
    const blocks: number[] = [];
    while (grower.top <= seen) blocks.push(grower.allocate(size));
    const across = blocks.at(-1)!;
    assert.ok(across < seen && across + size > seen);
    // It needs no more of the block than its header.
    (frees === 'the other thread' ? grower : late).release(across);
    assert.equal(late.allocateAnyhow(size), across);
    late.bytes.fill(7, across, across + size);
    assert.ok(
      grower.bytes.subarray(across, across + size).every((byte) => byte === 7),
      `${frees} has freed it`,
    );
  }
});

test('what lets go of the contents of a block sees all of it, also in a thread that has seen only its header', () => {
  const grower = new SharedHeap();
  const late = new SharedHeap(grower.buffer);
  const seen = late.bytes.length;
  const size = 1 << 18;
  let across = 0;
  while (grower.top <= seen) across = grower.allocate(size);
  grower.setContents(across, 'condition');
  let end = 0;
  registerContents('condition', (heap, offset) => void (end = heap.bytes.length - offset));
  late.release(across);
  assert.ok(end >= size, `it sees ${end} of ${size} bytes`);
});

test('threads that allocate and free at once get blocks that nobody else has', async () => {
  const { Worker } = await import('node:worker_threads');
  const heap = new SharedHeap();
  const source = `
    import { workerData, parentPort } from 'node:worker_threads';
    const { SharedHeap } = await import(workerData.module);
    const heap = new SharedHeap(workerData.buffer);
    const mine = [];
    let wrong = 0;
    for (let round = 0; round < 60_000; round++) {
      const bytes = 16 << (round % 9);
      const offset = heap.allocate(bytes);
      heap.i32.fill(workerData.mark, offset / 4, (offset + bytes) / 4);
      mine.push([offset, bytes]);
      if (mine.length > 80) {
        const [at, size] = mine.splice((round * 7) % mine.length, 1)[0];
        if (heap.i32.subarray(at / 4, (at + size) / 4).some((word) => word !== workerData.mark)) wrong++;
        heap.release(at);
      }
    }
    parentPort.postMessage(wrong);
  `;
  const module = new URL('../../src/word/heap.js', import.meta.url).href;
  const results = [1, 2, 3].map(
    (mark) =>
      new Promise((resolve, reject) => {
        const url = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
        new Worker(url, { workerData: { buffer: heap.buffer, module, mark } }).on('message', resolve).on('error', reject);
      }),
  );
  assert.deepEqual(await Promise.all(results), [0, 0, 0]);
});
