import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { decode, encode } from '../../../message/index.ts';
import { socketPair } from '../../../system/descriptors.ts';
import { FRAME, frame, FrameReader } from '../frame.ts';

/** Does once what each copy does first, so that none has to compile it. Nothing of it may need the event loop. */
export function warmUp(): void {
  const factor = 2;
  // Not a real one: who this process is, is known once and for all when it is first asked.
  const setup = { name: 'warm-up', parent: { pid: 1, name: '' }, env: process.env, argv: process.argv, authKey: '0'.repeat(64) };
  let inbox: Buffer[] = [];
  const reader = new FrameReader((_kind, body) => void inbox.push(body));
  for (let i = 0; i < 3; i++) {
    inbox = [];
    reader.push(frame(FRAME.setup, encode(setup, { where: 'process' }).bytes));
    reader.push(frame(FRAME.start, encode([decode, [(n: number) => n * factor, { factor }]], { where: 'process' }).bytes));
    for (const body of inbox) decode(body);
  }
  const pair = socketPair('stream');
  if (typeof pair === 'number') return;
  const socket = new Socket({ fd: pair[0] });
  socket.on('data', () => {}).on('error', () => {});
  socket.write(frame(FRAME.ready));
  socket.destroy();
  closeSync(pair[1]);
}
