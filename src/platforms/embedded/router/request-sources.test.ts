/** Requests that the split has not dealt: asked for by header, sent to one release, copied. On the real router process. */

import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askAll, type Replica, type RouterRig, startRouterRig, until } from '../../../../test/rigs/router-rig.ts';
import type { CounterRow, RequestSource } from '../../../delivery/index.ts';
import { type EnvironmentTraffic, NO_TRAFFIC } from './router-config.ts';
import { type ReplicaAddress, releaseHost } from './routing-table.ts';

let rig: RouterRig;
let one: Replica;
let two: Replica;
const servers: Server[] = [];

beforeAll(async () => {
  rig = await startRouterRig();
  [one, two] = await Promise.all([rig.startReplica('one'), rig.startReplica('two')]);
});

afterAll(async () => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
  await rig[Symbol.asyncDispose]();
});

async function traffic(): Promise<EnvironmentTraffic> {
  return (await rig.client.state()).environments['greeter/local'] ?? NO_TRAFFIC;
}

async function rowOf(replica: string, source: RequestSource): Promise<CounterRow | undefined> {
  return (await traffic()).rows.find((row) => row.replica === replica && row.source === source);
}

/** A replica in this process, which answers as `answer` does and remembers what it was asked. */
async function recorder(
  id: string,
  answer: (request: IncomingMessage) => number | null = () => 200,
): Promise<{ readonly address: ReplicaAddress; readonly seen: readonly IncomingMessage[] }> {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    const status = answer(request);
    if (status !== null) response.writeHead(status).end('not for users\n');
  });
  servers.push(server);
  const socket = join(rig.folder, `${id}.sock`);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return { address: { id, socket }, seen };
}

describe('requests that ask for the candidate by their headers', () => {
  test('are counted apart from those that the split has dealt', async () => {
    const fresh = await rig.startReplica('matched');
    const match = { headers: { 'X-Try': 'yes' }, release: 3 };
    await rig.route({ shares: { 1: 0.5, 3: 0.5 }, replicas: { 1: [one], 3: [fresh] }, match });
    for (let time = 0; time < 4; time += 1) {
      await rig.ask('/');
      await rig.ask(time === 0 ? '/error' : '/', { headers: { 'x-try': 'yes' } });
    }
    expect(await rowOf('matched', 'match')).toMatchObject({ requests: 4, errors: 1 });
    expect(await rowOf('matched', 'split')).toMatchObject({ requests: 2, errors: 0 });
    expect((await traffic()).replicas.filter(({ replica }) => replica === 'matched')).toHaveLength(1);
    await until(async () => expect(rig.requestLog().filter(({ source }) => source === 'match')).toHaveLength(4));
  });
});

describe('the own host of a release', () => {
  const host = (release: number): Readonly<Record<string, string>> => ({ host: releaseHost('greeter/local', release) });

  test('reaches it whether it is exposed or not, and counts as no exposure', async () => {
    await rig.route({ shares: { 1: 1 }, replicas: { 1: [one], 2: [two] } });
    const before = (await rowOf('two', 'split'))?.requests ?? 0;
    const answers = [await rig.ask('/', { headers: host(2) }), await rig.ask('/', { headers: host(1) })];
    expect(answers.map(({ headers }) => headers['x-slipway-release'])).toEqual(['2', '1']);
    expect(await rowOf('two', 'direct')).toMatchObject({ requests: 1, errors: 0 });
    expect((await rowOf('two', 'split'))?.requests ?? 0).toBe(before);
    expect((await rig.ask('/', { headers: host(2), method: 'POST', body: 'x' })).status).toBe(200);
  });

  test('of a release that does not run is 404 and names those that do', async () => {
    await rig.route({ shares: { 1: 1 }, replicas: { 1: [one], 2: [two] } });
    const answer = await rig.ask('/', { headers: host(9) });
    expect(answer.status).toBe(404);
    expect(answer.body).toBe(
      'greeter/local runs no release #9. These have a host of their own:\n' +
        '  1.greeter.local.localhost\n  2.greeter.local.localhost\n',
    );
    expect((await rig.ask('/', { headers: { host: '9.nobody.local.localhost' } })).status).toBe(404);
  });

  test('of a release without a ready replica is 503, and no other release answers in its place', async () => {
    await rig.route({ shares: { 1: 1 }, replicas: { 1: [one], 4: [] } });
    const answer = await rig.ask('/', { headers: host(4) });
    expect(answer).toMatchObject({ status: 503, headers: { 'x-slipway-release': '4' } });
    expect(answer.body).toBe('Release #4 has no replica that serves now.\n');
    expect((await traffic()).rows.find(({ release }) => release === 4)).toMatchObject({ source: 'direct', errors: 1 });
  });
});

describe('copies for a candidate', () => {
  test('of exactly the wanted share of the safe requests, marked, with answers that nobody sees', async () => {
    const { address, seen } = await recorder('copies', ({ url }) => (url === '/15' ? 500 : 200));
    await rig.route({
      shares: { 1: 1 },
      replicas: { 1: [one], 2: [address] },
      mirror: { release: 2, share: 0.25 },
    });
    for (let request = 0; request < 40; request += 1) {
      const headers = { 'slipway-mirror': 'no', 'x-request-id': `copied-${request}` };
      const answer = await rig.ask(`/${request}`, { headers });
      expect(answer).toMatchObject({ status: 200, body: 'hello\n', headers: { 'x-slipway-release': '1' } });
    }
    await until(async () => expect(await rowOf('copies', 'mirror')).toMatchObject({ requests: 10 }));
    expect(seen.map(({ headers }) => headers['slipway-mirror'])).toEqual(Array(10).fill('1'));
    const numbers = seen.map(({ url }) => Number(url?.slice(1)));
    expect(numbers.map((number) => number - (numbers[0] ?? 0))).toEqual(Array.from({ length: 10 }, (_, at) => at * 4));
    expect(await rowOf('copies', 'split')).toMatchObject({ requests: 0 });
    await until(async () => {
      const lines = rig.requestLog().filter(({ id, source }) => source === 'mirror' && id.startsWith('copied-'));
      expect(lines.map(({ id }) => Number(id.slice('copied-'.length)))).toEqual(numbers);
    });
  });

  test('with errors count against the candidate and reach no user', async () => {
    const { address } = await recorder('failing', () => 500);
    await rig.route({ shares: { 1: 1 }, replicas: { 1: [one], 2: [address] }, mirror: { release: 2, share: 1 } });
    for (let request = 0; request < 5; request += 1) expect((await rig.ask('/')).status).toBe(200);
    await until(async () => expect(await rowOf('failing', 'mirror')).toMatchObject({ requests: 5, errors: 5 }));
  });

  test('T29: are made of no request that may not be done twice', async () => {
    const { address, seen } = await recorder('safe');
    await rig.route({ shares: { 1: 1 }, replicas: { 1: [one], 2: [address] }, mirror: { release: 2, share: 1 } });
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) await rig.ask('/', { method });
    await rig.ask('/', { method: 'GET', body: 'x', headers: { 'content-length': '1' } });
    for (const method of ['GET', 'HEAD', 'OPTIONS']) await rig.ask('/', { method });
    await until(async () => expect(await rowOf('safe', 'mirror')).toMatchObject({ requests: 3 }));
    expect(seen.map(({ method }) => method)).toEqual(['GET', 'HEAD', 'OPTIONS']);
  });

  test('that hang hold up no user, are bounded in number, and the rest is dropped and counted', async () => {
    const { address, seen } = await recorder('hanging', () => null);
    await rig.route({
      shares: { 1: 1 },
      replicas: { 1: [one], 2: [address] },
      mirror: { release: 2, share: 1 },
      requestLimit: 2000,
    });
    const before = (await traffic()).droppedCopies;
    const answers = await askAll(
      rig,
      Array.from({ length: 100 }, () => ({})),
    );
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    const { droppedCopies, replicas } = await traffic();
    expect(droppedCopies - before).toBe(36);
    expect(replicas.find(({ replica }) => replica === 'hanging')).toMatchObject({ inFlight: 64 });
    await until(() => Promise.resolve(expect(seen).toHaveLength(64)));
    // In time they count as what they would have been for a user, and the replica gets no more.
    await until(async () => expect(await rowOf('hanging', 'mirror')).toMatchObject({ requests: 64, timeouts: 64 }));
    expect((await traffic()).replicas.find(({ replica }) => replica === 'hanging')).toMatchObject({
      inFlight: 0,
      suspect: true,
    });
  });

  test('of a user who goes away end with the user and are nobody’s error', async () => {
    const { address, seen } = await recorder('left', () => null);
    await rig.route({ shares: { 1: 1 }, replicas: { 1: [one], 2: [address] }, mirror: { release: 2, share: 1 } });
    const socket = connect(Number(new URL(rig.url()).port), '127.0.0.1');
    socket.write('GET /silent HTTP/1.1\r\nhost: greeter.local.localhost\r\n\r\n');
    await until(() => Promise.resolve(expect(seen).toHaveLength(1)));
    socket.destroy();
    await until(async () => expect(await rowOf('left', 'mirror')).toMatchObject({ requests: 1, errors: 0 }));
  });

  test('for a replica that is not there are dropped: nothing can be said of it', async () => {
    const address = { id: 'absent', socket: join(rig.folder, 'absent.sock') };
    await rig.route({ shares: { 1: 1 }, replicas: { 1: [one], 2: [address] }, mirror: { release: 2, share: 1 } });
    const before = (await traffic()).droppedCopies;
    expect((await rig.ask('/')).status).toBe(200);
    await until(async () => expect((await traffic()).droppedCopies).toBe(before + 1));
    expect(await rowOf('absent', 'mirror')).toBeUndefined();
  });

  test('are of all requests of a user or of none, where users are kept', async () => {
    const { address, seen } = await recorder('whole');
    await rig.route({
      shares: { 1: 1 },
      replicas: { 1: [one], 2: [address] },
      mirror: { release: 2, share: 0.5 },
      affinity: { kind: 'header', name: 'x-user' },
      rollout: 'greeter/local/4',
    });
    const users = Array.from({ length: 40 }, (_, index) => `user-${index}`);
    await askAll(
      rig,
      [1, 2, 3].flatMap(() => users.map((user) => ({ headers: { 'x-user': user } }))),
    );
    await until(async () => expect((await traffic()).replicas.every(({ inFlight }) => inFlight === 0)).toBe(true));
    const counts = users.map((user) => seen.filter(({ headers }) => headers['x-user'] === user).length);
    expect(new Set(counts)).toEqual(new Set([0, 3]));
    await until(async () => {
      const units = (await rowOf('whole', 'mirror'))?.units;
      expect(units?.requests).toBeGreaterThanOrEqual(counts.filter((count) => count > 0).length);
    });
  });
});

describe('the edges of the latency buckets', () => {
  test('are those of the table; with other ones all is counted anew, with the same ones nothing is', async () => {
    const fresh = await rig.startReplica('edges');
    const routes = { shares: { 6: 1 }, replicas: { 6: [fresh] } };
    await rig.route({ ...routes, latencyEdges: [10, 60, 1000] });
    await rig.ask('/?ms=20');
    await rig.ask('/');
    const before = await rowOf('edges', 'split');
    expect(before).toMatchObject({ requests: 2, latency: { edges: [10, 60, 1000] } });
    expect(before?.latency.counts.reduce((sum, count) => sum + count)).toBe(2);
    await rig.route({ ...routes, latencyEdges: [10, 60, 1000] });
    expect(await rowOf('edges', 'split')).toEqual(before);
    await rig.route({ ...routes, latencyEdges: [10, 1000] });
    const after = await rowOf('edges', 'split');
    expect(after).toMatchObject({ requests: 0, errors: 0, latency: { edges: [10, 1000], counts: [0, 0, 0] } });
    expect(after?.epoch).not.toBe(before?.epoch);
  });

  test('of a replica that is gone stay with what was counted by them', async () => {
    const fresh = await rig.startReplica('leaving');
    await rig.route({ shares: { 6: 1 }, replicas: { 6: [fresh] }, latencyEdges: [10] });
    await rig.ask('/');
    await rig.route({ shares: { 1: 1 }, replicas: { 1: [one] }, latencyEdges: [10] });
    await rig.route({ shares: { 1: 1 }, replicas: { 1: [one] }, latencyEdges: [20] });
    expect(await rowOf('leaving', 'split')).toMatchObject({ requests: 1, latency: { edges: [10] } });
  });
});
