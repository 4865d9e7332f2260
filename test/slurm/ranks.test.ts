import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { joinRanks, srun } from '../../src/slurm/index.ts';
import { Hub, type Part } from '../../src/slurm/ranks/hub.ts';
import { type Ended, Program } from '../support/program.ts';
import { clusterTests, workFolder } from '../support/slurm-cluster.ts';
import { test } from '../support/test.ts';

const folder = mkdtempSync(join(tmpdir(), 'manycore-ranks-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let steps = 0;

/** As srun starts them; what they print last is JSON. */
function start(size: number, body: string, directory: string = folder): Program[] {
  const job = String(1000 + steps++);
  return Array.from(
    { length: size },
    (_, rank) =>
      new Program(
        `import { joinRanks } from 'manycore/slurm';
         const ranks = await joinRanks({ directory: ${JSON.stringify(directory)} });
         const say = (value) => console.log(JSON.stringify(value));
         ${body}`,
        {
          env: {
            SLURM_PROCID: `${rank}`,
            SLURM_NTASKS: `${size}`,
            SLURM_LOCALID: `${rank}`,
            SLURM_JOB_ID: job,
            SLURM_STEP_ID: '0',
            SLURM_JOB_NODELIST: 'here',
            SLURMD_NODENAME: 'here',
          },
        },
      ),
  );
}
async function outputs(programs: readonly Program[]): Promise<unknown[]> {
  const ended = await Promise.all(programs.map(({ ended: one }) => one));
  return ended.map(({ stdout, stderr, code }: Ended) => {
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as unknown;
  });
}

test('tasks gather, broadcast, scatter and wait for each other; values are those of any message, and an idle program ends', async () => {
  const own = mkdtempSync(join(folder, 'own-'));
  const programs = start(
    3,
    `const gathered = await ranks.gather({ rank: ranks.rank, big: 10n });
     const all = await ranks.allGather(ranks.rank * 2, { timeout: 60_000 });
     const from = await ranks.broadcast(ranks.rank === 2 ? new Map([['a', [1]]]) : null, { root: 2 });
     const mine = await ranks.scatter(ranks.rank === 1 ? ['x', 'y', 'z'] : null, { root: 1 });
     await ranks.barrier();
     say([gathered?.map(({ rank, big }) => rank + Number(big)) ?? null, all, [...from], mine]);`,
    own,
  );
  const rest = [[0, 2, 4], [['a', [1]]]];
  assert.deepEqual(await outputs(programs), [
    [[10, 11, 12], ...rest, 'x'],
    [null, ...rest, 'y'],
    [null, ...rest, 'z'],
  ]);
  assert.deepEqual(readdirSync(own), [], 'the secret does not stay');
});

test('a task that ends takes those that wait for it along by name, and not with a hang', async () => {
  const programs = start(
    3,
    `await ranks.barrier();
     if (ranks.rank === 1) process.kill(process.pid, 'SIGKILL');
     const error = await ranks.barrier().then(() => null, (reason) => reason);
     say([error.name, error.code, error.rank, error.node]);
     say(await ranks.gather(1).catch((reason) => reason.name));`,
  );
  const [first, , third] = await Promise.all(programs.map(({ ended }) => ended));
  for (const { stdout } of [first!, third!]) assert.equal(stdout.trim(), '["RankLostError","ERR_RANK_LOST",1,"here"]\n"RankLostError"');
});

test('the end of the first task is told to the others', async () => {
  const programs = start(
    2,
    `if (ranks.rank === 0) process.kill(process.pid, 'SIGKILL');
     say(await ranks.barrier().catch((error) => [error.name, error.rank]));`,
  );
  assert.equal((await programs[1]!.ended).stdout.trim(), '["RankLostError",0]');
});

test('who calls something else than the others is told what, and so are they; a task that has left is missed', async () => {
  const programs = start(
    2,
    `const disagreed = await (ranks.rank === 0 ? ranks.barrier() : ranks.gather(1)).catch((error) => error.message);
     const wrong = await ranks.gather(1, { root: 7 }).catch((error) => error.name);
     if (ranks.rank === 0) await ranks.close();
     const left = await ranks.barrier().catch((error) => error.code);
     say([disagreed, wrong, left]);`,
  );
  const text = 'task 0 calls barrier where task 1 calls gather with root 0: all tasks have to call the same, in the same order';
  assert.deepEqual(await outputs(programs), [
    [text, 'RangeError', 'ERR_RANKS_CLOSED'],
    [text, 'RangeError', 'ERR_RANK_LOST'],
  ]);
});

test('who gives up waiting is told so, and has taken part all the same', async () => {
  const programs = start(
    2,
    `if (ranks.rank === 0) {
       const error = await ranks.barrier({ timeout: 1 }).catch((reason) => reason.name);
       say(error);
       console.log('.');
       say(await ranks.gather('first'));
     } else {
       process.stdin.once('data', async () => {
         await ranks.barrier();
         say(await ranks.gather('second'));
         process.stdin.destroy();
       });
       await new Promise((done) => process.stdin.once('close', done));
     }`,
  );
  await programs[0]!.printed('.');
  programs[1]!.child.stdin.write('go');
  const [first, second] = await Promise.all(programs.map(({ ended }) => ended));
  assert.equal(first!.stdout, '"TimeoutError"\n.\n["first","second"]\n', first!.stderr);
  assert.equal(second!.stdout, 'null\n', second!.stderr);
});

test('a task without the others names those that have not come; a file of an earlier step leads nobody astray; one task alone needs nobody', async () => {
  const env = { SLURM_PROCID: '0', SLURM_NTASKS: '2', SLURM_LOCALID: '0', SLURM_JOB_ID: '7', SLURM_STEP_ID: '0', SLURM_JOB_NODELIST: 'a' };
  const before = { ...process.env };
  try {
    Object.assign(process.env, env);
    await assert.rejects(joinRanks({ directory: folder, timeout: 50 }), { name: 'TimeoutError', message: /of 2 tasks.* 1$/ });
    process.env['SLURM_PROCID'] = '1';
    writeFileSync(join(folder, 'ranks-7.0-0.json'), JSON.stringify({ hosts: ['127.0.0.1'], port: 9, secret: 'ab' }), { mode: 0o600 });
    await assert.rejects(joinRanks({ directory: folder, timeout: 50 }), {
      name: 'TimeoutError',
      message: /first task has not been reached/,
    });
    await assert.rejects(joinRanks({ directory: folder, signal: AbortSignal.abort(new Error('enough')) }), { message: 'enough' });
    Object.assign(process.env, { SLURM_PROCID: '0', SLURM_NTASKS: '1' });
    const ranks = await joinRanks();
    assert.deepEqual([await ranks.gather(5), await ranks.broadcast(6), await ranks.scatter([7])], [[5], 6, 7]);
    await ranks.close();
  } finally {
    for (const name of Object.keys(env)) delete process.env[name];
    Object.assign(process.env, before);
  }
});

test('a meeting is over when all have come, whoever is early', () => {
  const told: string[] = [];
  const hub = new Hub(2, (rank, meeting, reply) =>
    told.push(`${rank}/${meeting}/${'values' in reply ? reply.values.length : reply.refusal}`),
  );
  const gather: Part = { kind: 2, root: 1, values: [new Uint8Array(1)] };
  hub.come(0, 0, gather);
  hub.come(0, 1, gather);
  assert.deepEqual(told, []);
  hub.come(1, 0, gather);
  assert.deepEqual(told, ['0/0/0', '1/0/2']);
  hub.come(1, 1, gather);
  assert.deepEqual(told.slice(2), ['0/1/0', '1/1/2']);
});

const onCluster = clusterTests();
onCluster('tasks on several nodes meet: over the network, and proved to each other', async (cluster) => {
  const url = new URL('../../src/slurm/index.js', import.meta.url).href;
  const text = `
    const { joinRanks } = await import(${JSON.stringify(url)});
    const ranks = await joinRanks({ directory: ${JSON.stringify(workFolder(cluster, 'ranks'))} });
    await ranks.barrier();
    const all = await ranks.gather([ranks.rank, ranks.node]);
    const word = await ranks.broadcast(ranks.rank === 0 ? 'go' : '');
    if (all !== null) console.log(JSON.stringify([all, word]));
    await ranks.close();`;
  const { stdout } = await srun([process.execPath, '--input-type=module', '-e', text], {
    nodes: 2,
    tasks: 4,
    tasksPerNode: 2,
    memory: 800,
    captureOutput: true,
  });
  const [all, word] = JSON.parse(stdout) as [[number, string][], string];
  assert.deepEqual(
    all.map(([rank]) => rank),
    [0, 1, 2, 3],
  );
  assert.equal(new Set(all.map(([, node]) => node)).size, 2);
  assert.equal(word, 'go');
});
