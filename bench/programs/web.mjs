import { once } from 'node:events';
import { Agent, createServer, get } from 'node:http';
import { timedAsync } from './timed.mjs';

const users = Array.from({ length: 200 }, (_, i) => ({ id: i, name: `user ${i}`, tags: ['a', 'b', 'c'].slice(0, i % 4) }));

function find(query) {
  return users.filter(({ name }) => name.includes(query));
}

function render(found) {
  return JSON.stringify(found.map(({ id, name, tags }) => ({ id, label: `${name} (${tags.join(', ')})` })));
}

const server = createServer((request, response) => response.end(render(find(new URL(request.url, 'http://host').searchParams.get('q')))));
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address();
const agent = new Agent({ keepAlive: true, maxSockets: 8 });

const request = (i) =>
  new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', path: `/?q=${i % 10}`, agent }, (response) => {
      response.resume();
      response.on('end', resolve);
    }).on('error', reject);
  });

await timedAsync(async (scale) => {
  const total = Math.round(50_000 * scale);
  let next = 0;
  const client = async () => {
    while (next < total) await request(next++);
  };
  await Promise.all(Array.from({ length: 8 }, client));
});
agent.destroy();
server.close();
