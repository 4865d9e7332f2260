// The two ends of a pipe: a message each way; and when an end is closed, the other one is told.
import { type Connection, EndOfFileError, Pipe, Process } from 'manycore/multiprocessing';

function child(connection: Connection): void {
  console.log('child received:', connection.recvSync());
  connection.sendSync('hello parent');
  connection.close();
}

const [here, there] = Pipe();
const process = new Process({ target: child, args: [there] });
process.start();
there.close();
await here.send('hello child');
console.log('parent received:', await here.recv());
await process.join();
try {
  await here.recv();
} catch (error) {
  if (!(error instanceof EndOfFileError)) throw error;
  console.log('the child has closed its end');
}
