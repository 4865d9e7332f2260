// A child that answers over Node's own channel, for the benchmarks of child_process: it ends, or sends back, or sends many.
process.on('message', (message) => {
  if (message === 'end') process.exit(0);
  else if (message?.send !== undefined) {
    const item = message.bytes === undefined ? 0 : Buffer.alloc(message.bytes, 1);
    const send = (left) => left > 0 && process.send(item, () => send(left - 1));
    send(message.send);
  } else process.send(message.length ?? message);
});
process.send?.('ready');
