import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Replica, type RouterRig, startRouterRig, until } from '../../../../test/rigs/router-rig.ts';
import type { CounterRow, RequestSource } from '../../../delivery/index.ts';
import { type EnvironmentTraffic, NO_TRAFFIC, type ReplicaTraffic } from './router-config.ts';

let rig: RouterRig;
let one: Replica;
let two: Replica;

beforeAll(async () => {
  rig = await startRouterRig();
  [one, two] = await Promise.all([rig.startReplica('one'), rig.startReplica('two')]);
});

afterAll(() => rig[Symbol.asyncDispose]());

async function traffic(): Promise<EnvironmentTraffic> {
  const { environments } = await rig.client.state();
  return environments['greeter/local'] ?? NO_TRAFFIC;
}

/** What is known of a replica, and what was counted of it for one source. */
async function rowOf(
  replica: string,
  release = 1,
  source: RequestSource = 'split',
): Promise<Partial<CounterRow & ReplicaTraffic>> {
  const { rows, replicas } = await traffic();
  const own = (of: { readonly release: number; readonly replica: string }): boolean =>
    of.replica === replica && of.release === release;
  return { ...rows.find((row) => own(row) && row.source === source), ...replicas.find(own) };
}

describe('the way of a request', () => {
  beforeAll(() => rig.route({ shares: { 1: 1 }, replicas: { 1: [one] } }));

  test('an unknown host gets 404 and the hosts that there are', async () => {
    const answer = await rig.ask('/', { headers: { host: 'nobody.local.localhost:7878' } });
    expect(answer.status).toBe(404);
    expect(answer.body).toContain('greeter.local.localhost');
  });

  test('the answer names the release and the request', async () => {
    const answer = await rig.ask('/', { headers: { 'x-request-id': 'abc-1' } });
    expect(answer).toMatchObject({
      status: 200,
      body: 'hello\n',
      headers: { 'x-slipway-release': '1', 'x-request-id': 'abc-1' },
    });
  });

  test('a request id that could break a log is replaced', async () => {
    const answer = await rig.ask('/', { headers: { 'x-request-id': 'a b "' } });
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f]{20}$/);
  });

  test('the replica sees the id and who asked, and none of our private headers', async () => {
    const headers = {
      'x-slipway-control': 'ready',
      'x-forwarded-for': '10.0.0.1',
      'x-request-id': 'abc-2',
      'x-hop': '1',
      connection: 'x-hop',
    };
    const answer = await rig.ask('/headers', { headers });
    const seen = JSON.parse(answer.body) as Record<string, string>;
    expect(seen).toMatchObject({
      'x-request-id': 'abc-2',
      'x-forwarded-for': '10.0.0.1, 127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'greeter.local.localhost',
    });
    expect(Object.keys(seen)).not.toContain('x-slipway-control');
    expect(Object.keys(seen)).not.toContain('x-hop');
    expect(answer.headers['set-cookie']).toEqual(['a=1', 'b=2']);
  });

  test('a body goes through whole in both directions, and private answer headers stay inside', async () => {
    const body = 'slipway '.repeat(200_000);
    const answer = await rig.ask('/echo', { method: 'POST', body });
    expect(answer.body === body).toBe(true);
    expect(answer.headers['x-slipway-secret']).toBeUndefined();
    expect((await rig.ask('/echo', { method: 'POST' })).body).toBe('');
  });

  test('an answer is passed on as it comes, not when it is complete', async () => {
    const pieces: number[] = [];
    await new Promise<void>((resolve, reject) => {
      const socket = connect(Number(new URL(rig.url()).port), '127.0.0.1');
      socket.write('GET /drip?ms=150 HTTP/1.1\r\nhost: greeter.local.localhost\r\nconnection: close\r\n\r\n');
      socket.on('data', () => pieces.push(performance.now()));
      socket.on('error', reject).on('close', () => resolve());
    });
    expect((pieces.at(-1) ?? 0) - (pieces[0] ?? 0)).toBeGreaterThan(100);
  });

  test('an upgrade is refused in plain words', async () => {
    const headers = { connection: 'upgrade', upgrade: 'websocket' };
    const answer = await rig.ask('/', { headers });
    expect(answer).toMatchObject({ status: 501, body: 'This router carries no upgrades and tunnels.\n' });
  });
});

describe('what is counted', () => {
  test('answers, errors and traps are counted once, for the replica that gave them', async () => {
    const fresh = await rig.startReplica('counting');
    await rig.route({ shares: { 1: 1 }, replicas: { 1: [fresh] } });
    for (const path of ['/', '/', '/error', '/trap'])
      await rig.ask(path, { headers: { 'x-request-id': `count${path}` } });
    const row = await rowOf('counting');
    expect(row).toMatchObject({ requests: 4, errors: 2, traps: 1, timeouts: 0, inFlight: 0 });
    expect(row.latency?.counts.reduce((sum, count) => sum + count)).toBe(4);
    await until(async () => {
      const lines = rig.requestLog().filter(({ id }) => id.startsWith('count/'));
      expect(lines.map(({ outcome, status }) => [outcome, status])).toEqual([
        ['ok', 200],
        ['ok', 200],
        ['error', 500],
        ['trap', 500],
      ]);
    });
  });

  test('a client that goes away is nobody’s error', async () => {
    await rig.route({ shares: { 1: 1 }, replicas: { 1: [two] } });
    const socket = connect(Number(new URL(rig.url()).port), '127.0.0.1');
    socket.write('GET /silent HTTP/1.1\r\nhost: greeter.local.localhost\r\n\r\n');
    await until(async () => expect(await rowOf('two')).toMatchObject({ inFlight: 1 }));
    socket.destroy();
    await until(async () => expect(await rowOf('two')).toMatchObject({ inFlight: 0, requests: 1, errors: 0 }));
  });

  test('a client that does not send its body in time is nobody’s error', async () => {
    const fresh = await rig.startReplica('waiting');
    await rig.route({ shares: { 1: 1 }, replicas: { 1: [fresh] }, requestLimit: 100 });
    const socket = connect(Number(new URL(rig.url()).port), '127.0.0.1');
    const said = new Promise<string>((resolve) => socket.once('data', (piece) => resolve(piece.toString())));
    socket.write('POST /echo HTTP/1.1\r\nhost: greeter.local.localhost\r\ncontent-length: 10\r\n\r\nhalf');
    await until(async () => expect(await rowOf('waiting')).toMatchObject({ requests: 1, errors: 0, suspect: false }));
    await said;
    socket.destroy();
  });

  test('half an answer is an error and is not taken for a whole one', async () => {
    const fresh = await rig.startReplica('breaking');
    await rig.route({ shares: { 1: 1 }, replicas: { 1: [fresh] } });
    await expect(rig.ask('/broken')).rejects.toThrow(/aborted|socket/);
    expect(await rowOf('breaking')).toMatchObject({ requests: 1, errors: 1 });
  });

  test('a request that is not answered in time gets 504, and the replica no more requests', async () => {
    const fresh = await rig.startReplica('sleeping');
    await rig.route({ shares: { 1: 1 }, replicas: { 1: [fresh] }, requestLimit: 100 });
    const answer = await rig.ask('/silent');
    expect(answer).toMatchObject({ status: 504, headers: { 'x-slipway-release': '1' } });
    expect(await rowOf('sleeping')).toMatchObject({ requests: 1, errors: 1, timeouts: 1, suspect: true, inFlight: 0 });
    expect((await rig.ask('/')).status).toBe(503);
  });

  test.each(['/overrun', '/overrun?begun'])(
    'a replica that ends itself because %s is overdue has timed out',
    async (path) => {
      const name = `overrun-${path.length}`;
      const fresh = await rig.startReplica(name, { STUB_DEADLINE: '150' });
      await rig.route({ shares: { 1: 1 }, replicas: { 1: [fresh] }, requestLimit: 100 });
      const answer = await rig.ask(path).catch(() => null);
      expect(answer?.status ?? 'cut off').toBe(path === '/overrun' ? 504 : 'cut off');
      expect(await rowOf(name)).toMatchObject({ requests: 1, errors: 1, timeouts: 1 });
    },
  );
});

describe('which replica', () => {
  test('of two replicas the one with fewer requests in flight is asked', async () => {
    const [busy, free] = await Promise.all([rig.startReplica('busy'), rig.startReplica('free')]);
    await rig.route({ shares: { 1: 1 }, replicas: { 1: [busy, free] } });
    const slow = Promise.all([rig.ask('/?ms=300'), rig.ask('/?ms=300')]);
    await until(async () => expect(await rowOf('busy')).toMatchObject({ inFlight: 1 }));
    expect(await rowOf('free')).toMatchObject({ inFlight: 1 });
    await slow;
  });

  test('a replica that is not there any more costs no request while another of its release is', async () => {
    const [dying, living] = await Promise.all([rig.startReplica('dying'), rig.startReplica('living')]);
    await rig.route({ shares: { 1: 1 }, replicas: { 1: [dying, living] } });
    for (let request = 0; request < 6; request += 1) await rig.ask('/');
    const gone = new Promise((resolve) => dying.process.once('exit', resolve));
    dying.process.kill('SIGKILL');
    // What it accepts until the signal reaches it is lost with it, and has a test of its own.
    await gone;
    const answers = await Promise.all(Array.from({ length: 40 }, () => rig.ask('/', { method: 'POST', body: 'x' })));
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  });

  test('T25: a request that a replica has read before it died is not sent to another one', async () => {
    const [dying, living] = await Promise.all([rig.startReplica('ending'), rig.startReplica('staying')]);
    await rig.route({ shares: { 1: 1 }, replicas: { 1: [dying] } });
    const answer = rig.ask('/silent');
    await until(async () => expect(await rowOf('ending')).toMatchObject({ inFlight: 1 }));
    await new Promise((resolve) => setTimeout(resolve, 100));
    await rig.route({ shares: { 1: 1 }, replicas: { 1: [living] } });
    dying.process.kill('SIGKILL');
    expect((await answer).status).toBe(502);
    expect(await rowOf('ending')).toMatchObject({ requests: 1, errors: 1, inFlight: 0 });
  });

  test('a request that a hanging replica has not read goes to another one when it dies; one that it has read does not', async () => {
    const [hanging, fresh] = await Promise.all([rig.startReplica('hanging'), rig.startReplica('fresh')]);
    await rig.route({ shares: { 1: 1 }, replicas: { 1: [hanging] } });
    const read = rig.ask('/loop');
    await new Promise((resolve) => setTimeout(resolve, 150));
    const unread = Promise.all([rig.ask('/'), rig.ask('/')]);
    await until(async () => expect(await rowOf('hanging')).toMatchObject({ inFlight: 3 }));
    await rig.route({ shares: { 1: 1 }, replicas: { 1: [hanging, fresh] } });
    hanging.process.kill('SIGKILL');
    expect((await read).status).toBe(502);
    expect((await unread).map(({ status }) => status)).toEqual([200, 200]);
    expect(await rowOf('hanging')).toMatchObject({ requests: 1, errors: 1, inFlight: 0 });
    expect(await rowOf('fresh')).toMatchObject({ requests: 2, errors: 0 });
  });

  test('a release without replicas answers 503, and that counts for it', async () => {
    await rig.route({ shares: { 6: 1 }, replicas: {} });
    expect(await rig.ask('/')).toMatchObject({ status: 503, headers: { 'x-slipway-release': '6' } });
    expect(await rowOf('none', 6)).toMatchObject({ requests: 1, errors: 1 });
  });

  test('while a candidate has no replica its requests go to the stable release and are counted as such', async () => {
    const before = (await traffic()).fallbacks;
    await rig.route({ shares: { 1: 0.5, 2: 0.5 }, replicas: { 1: [one], 2: [] } });
    const answers = await Promise.all(Array.from({ length: 10 }, () => rig.ask('/')));
    expect(answers.map(({ headers }) => headers['x-slipway-release'])).toEqual(Array(10).fill('1'));
    expect((await traffic()).fallbacks - before).toBe(5);
  });

  test('nothing exposed is 503 and nobody’s error', async () => {
    await rig.route({ shares: {}, replicas: { 1: [one] } });
    const answer = await rig.ask('/');
    expect(answer.status).toBe(503);
    expect(answer.headers['x-slipway-release']).toBeUndefined();
    expect((await traffic()).unexposed).toBe(1);
  });

  test('requests with the matching headers see the candidate whatever the shares', async () => {
    const match = { headers: { 'X-Try': 'yes' }, release: 2 };
    await rig.route({ shares: { 1: 1 }, replicas: { 1: [one], 2: [two] }, match });
    expect((await rig.ask('/', { headers: { 'x-try': 'yes' } })).headers['x-slipway-release']).toBe('2');
    expect((await rig.ask('/', { headers: { 'x-try': 'no' } })).headers['x-slipway-release']).toBe('1');
  });

  test('a request that asks for a release without replicas is never sent to another one', async () => {
    const match = { headers: { 'x-try': 'yes' }, release: 9 };
    await rig.route({ shares: { 1: 1 }, replicas: { 1: [one], 9: [] }, match });
    const answer = await rig.ask('/', { headers: { 'x-try': 'yes' } });
    expect(answer).toMatchObject({ status: 503, headers: { 'x-slipway-release': '9' } });
    expect(await rowOf('none', 9, 'match')).toMatchObject({ requests: 1, errors: 1 });
  });
});

describe('the split through the real router', () => {
  test('T9: is within one request of the weight, step after step, with one replica of each', async () => {
    let [owed, got] = [0, 0];
    for (const weight of [0.05, 0.25, 0.5]) {
      await rig.route({ shares: { 1: 1 - weight, 2: weight }, replicas: { 1: [one], 2: [two] } });
      for (let request = 0; request < 60; request += 1) {
        owed += weight;
        if ((await rig.ask('/')).headers['x-slipway-release'] === '2') got += 1;
        expect(Math.abs(got - owed)).toBeLessThanOrEqual(1);
      }
    }
  });

  test('an older table is refused and leaves the split as it is', async () => {
    await rig.route({ shares: { 1: 1 }, replicas: { 1: [one] } });
    const { version } = await rig.client.state();
    await rig.client.put({ version, environments: {} });
    expect((await traffic()).shares).toEqual({ 1: 1 });
  });
});

describe('the router’s own life', () => {
  test('killed and started again, it restores its table by itself and counts in a new epoch', async () => {
    await using own = await startRouterRig();
    const replica = await own.startReplica('lasting');
    await own.route({ shares: { 1: 1 }, replicas: { 1: [replica] } });
    await own.ask('/');
    const before = await own.client.state();
    process.kill(before.pid, 'SIGKILL');
    await until(() =>
      own.client.state().then(
        () => expect.unreachable(),
        () => undefined,
      ),
    );
    await own.startRouter();
    const after = await own.client.state();
    expect(after).toMatchObject({ version: before.version, port: before.port });
    expect(after.epoch).not.toBe(before.epoch);
    expect((await own.ask('/')).status).toBe(200);
  });

  test('asked to end, it answers what is in flight first', async () => {
    await using own = await startRouterRig();
    const replica = await own.startReplica('slow');
    await own.route({ shares: { 1: 1 }, replicas: { 1: [replica] } });
    const answer = own.ask('/?ms=300');
    await until(async () => {
      const { environments } = await own.client.state();
      expect(environments['greeter/local']?.replicas[0]?.inFlight).toBe(1);
    });
    process.kill((await own.client.state()).pid, 'SIGTERM');
    expect((await answer).status).toBe(200);
  });
});
