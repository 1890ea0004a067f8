import * as fc from 'fast-check';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { DEADLINE_LINE } from './watchdog.ts';
import { createRig, type RigReplica } from '../../../../test/rigs/replica-rig.ts';

const rig = createRig();
afterAll(() => rig.close());

const READY = { headers: { 'x-slipway-control': 'ready' } };

/** One replica for all tests that leave it as it was. */
let shared: Promise<RigReplica> | undefined;
const replica = () => (shared ??= rig.start({ environment: { GREETING: 'hello', EMPTY: '' } }));

/** Sends bytes as they are and returns everything that comes back until the connection ends. */
function sendRaw(socket: string, ...pieces: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const connection = connect(socket);
    let all = '';
    connection.setEncoding('latin1').on('data', (piece: string) => (all += piece));
    connection.on('error', reject);
    connection.on('close', () => resolve(all));
    for (const piece of pieces) connection.write(piece, 'latin1');
  });
}

describe('a replica', () => {
  test('says that it is ready, who it is and what it has done', async () => {
    const identity = { service: 'misbehave', environment: 'local', release: 7, replica: '7-ab' };
    const named = await rig.start({ identity });
    await named.ask('/ok');
    const { status, body } = await named.ask('/loop', READY);
    expect(status).toBe(200);
    const state = JSON.parse(body.toString()) as Record<string, unknown>;
    expect(state).toMatchObject({ ready: true, pid: named.pid, requests: 1, traps: 0, identity });
    expect(state['memory']).toBeGreaterThan(65_536);
  });

  test('gives the service exactly the environment that its configuration names', async () => {
    expect((await (await replica()).ask('/env')).body.toString()).toBe('GREETING=hello\nEMPTY=\n');
  });

  test('hands the head of a request over without what concerns the connection or is ours', async () => {
    const headers = { 'X-Twice': ['1', '2'], te: 'trailers', 'keep-alive': 'timeout=5', 'x-slipway-secret': 'no' };
    const { body } = await (await replica()).ask('/headers?a=%20b', { method: 'PURGE', headers });
    const [first, ...lines] = body.toString().trimEnd().split('\n');
    expect(first).toBe('PURGE http://misbehave.localhost/headers?a=%20b');
    expect(lines).toEqual([
      'host: misbehave.localhost',
      'x-twice: 1',
      'x-twice: 2',
      'te: trailers',
      'content-length: 0',
    ]);
  });

  test('reads a target in absolute form and a body with trailers', async () => {
    const { socket, ask } = await replica();
    const target = 'GET http://other.localhost/headers HTTP/1.1\r\nHost: other.localhost\r\nConnection: close\r\n\r\n';
    expect(await sendRaw(socket, target)).toContain('\r\n\r\nGET http://other.localhost/headers\n');
    const echoed = await ask('/echo', { method: 'POST', body: Buffer.from('abc'), trailers: { 'x-sum': '6' } });
    expect([echoed.body.toString(), echoed.headers['x-trailers']]).toEqual(['abc', '1']);
  });

  test('brings any body and any header value to the service and back', async () => {
    const { ask } = await replica();
    const value = fc.stringMatching(/^[!-~\u00a1-\u00ff]([ !-~\u00a1-\u00ff]{0,30}[!-~\u00a1-\u00ff])?$/);
    const property = fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), value, async (body, text) => {
      const { status, headers, ...answer } = await ask('/echo', {
        method: 'POST',
        body,
        headers: { 'x-echo-it': text },
      });
      expect([status, headers['x-echo-it']]).toEqual([200, text]);
      expect(answer.body.equals(body)).toBe(true);
      expect(headers['content-length']).toBe(String(body.length));
    });
    await fc.assert(property, { numRuns: 60 });
  });

  test('takes the largest body that it may, and sends a large one', async () => {
    const { ask } = await replica();
    const body = Buffer.alloc(8 * 1024 * 1024, 'abcdefg');
    expect((await ask('/echo', { method: 'POST', body })).body.equals(body)).toBe(true);
    const big = await ask('/big?20000000');
    expect([big.body.length, new Set(big.body).size]).toEqual([20_000_000, 1]);
  });

  test('refuses a larger one, announced, unannounced or asked for, before the service sees it', async () => {
    const { socket, ask } = await replica();
    const before = JSON.parse((await ask('/', READY)).body.toString()) as { requests: number };
    const body = Buffer.alloc(8 * 1024 * 1024 + 1);
    expect((await ask('/echo', { method: 'POST', body })).status).toBe(413);
    const chunked = { 'transfer-encoding': 'chunked' };
    expect((await ask('/echo', { method: 'POST', body, headers: chunked })).status).toBe(413);
    const head = 'POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n';
    expect(await sendRaw(socket, `${head}Content-Length: 8388609\r\n\r\n`)).toMatch(/^HTTP\/1\.1 413 /);
    const small = await sendRaw(socket, `${head}Connection: close\r\nContent-Length: 2\r\n\r\n`, 'hi');
    expect(small).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nhi$/);
    const after = JSON.parse((await ask('/', READY)).body.toString()) as { requests: number };
    expect(after.requests).toBe(before.requests + 1);
  });

  test('frames answers without content as HTTP wants them', async () => {
    const { ask } = await replica();
    const head = await ask('/ok', { method: 'HEAD' });
    expect([head.status, head.headers['content-length'], head.body.length]).toEqual([200, '3', 0]);
    for (const status of [204, 304]) {
      const { headers, ...answer } = await ask(`/status?${status}`);
      const framing = [headers['transfer-encoding'], headers['content-length']];
      // The length of a 304 is that of the answer which it spares.
      expect([answer.status, answer.body.length, ...framing]).toEqual([
        status,
        0,
        undefined,
        status === 304 ? '19' : undefined,
      ]);
    }
    expect((await ask('/status?418')).body.toString()).toBe('text of the answer\n');
  });

  test('passes repeated fields on, and none that is ours to set', async () => {
    const { headers } = await (await replica()).ask('/status?200');
    expect(headers['set-cookie']).toEqual(['a=1', 'b=2']);
    expect(headers['x-slipway-outcome']).toBeUndefined();
    expect(headers.date).toMatch(/GMT$/);
  });

  test('writes what the service prints to its own output, line by line', async () => {
    const { ask, output } = await replica();
    await ask('/log?first');
    await ask('/log?second');
    await expect.poll(() => output().stdout).toBe('out first\nout second\n');
    expect(output().stderr).toBe('err first\nerr second\n');
  });

  test('lets the service wait', async () => {
    const began = performance.now();
    expect((await (await replica()).ask('/sleep?150')).body.toString()).toBe('slept\n');
    expect(performance.now() - began).toBeGreaterThanOrEqual(149);
  });
});

describe('a service that misbehaves', () => {
  test('by trapping or leaving gets 500 for that request and goes on afresh', async () => {
    const { ask, output, pid } = await rig.start();
    for (const path of ['/trap', '/exit', '/trap']) {
      const { status, headers, body } = await ask(path);
      expect([status, headers['x-slipway-outcome']]).toEqual([500, 'trap']);
      expect(body.toString()).toMatch(/^The service trapped: .+\.\n$/);
      expect((await ask('/ok')).status).toBe(200);
    }
    expect(output().stderr).toContain('asked to');
    expect(JSON.parse((await ask('/', READY)).body.toString())).toMatchObject({ pid, requests: 6, traps: 3 });
  });

  test('by allocating without end is stopped at its bound, and the host stays', async () => {
    const { ask } = await rig.start({ memory: 24 * 1024 * 1024 });
    for (let round = 0; round < 3; round += 1) {
      const { status, headers } = await ask('/allocate');
      expect([status, headers['x-slipway-outcome']]).toEqual([500, 'out-of-memory']);
      const { memory } = JSON.parse((await ask('/', READY)).body.toString()) as { memory: number };
      expect(memory).toBeLessThan(4 * 1024 * 1024);
      expect((await ask('/ok')).status).toBe(200);
    }
  });

  test('by an answer that is too large gets 500', async () => {
    const { ask } = await rig.start({ memory: 256 * 1024 * 1024 });
    expect((await ask('/big?67108864')).body.length).toBe(67_108_864);
    expect((await ask('/big?67108865')).status).toBe(500);
    expect((await ask('/ok')).status).toBe(200);
  });

  test('by giving no answer, or one that is none, gets 500 without blame for a trap', async () => {
    const { ask } = await replica();
    for (const path of ['/fail', '/status?150']) {
      const { status, headers } = await ask(path);
      expect([path, status, headers['x-slipway-outcome']]).toEqual([path, 500, undefined]);
    }
  });

  test.each(['/loop', '/sleep?60000'])('by %s is ended at the deadline, and says so', async (path) => {
    const { ask, ended, output } = await rig.start({ requestDeadline: 300 });
    expect((await ask('/sleep?100')).status).toBe(200);
    const began = performance.now();
    await expect(ask(path)).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(await ended).toEqual({ code: null, signal: 'SIGKILL' });
    const took = performance.now() - began;
    expect(took).toBeGreaterThan(299);
    expect(took).toBeLessThan(1300);
    expect(output().stderr).toBe(`${DEADLINE_LINE}: GET ${path.split('?')[0]} ran longer than 300 ms\n`);
  });
});

describe('the end of a replica', () => {
  test('loses no answer that is under way, takes no new connection, and has exit code 0', async () => {
    const { ask, ended, signal, socket } = await rig.start();
    const underWay = Array.from({ length: 5 }, () => ask('/sleep?60'));
    // They have all arrived once one of them is answered: the others wait in the same process.
    await underWay[0];
    signal('SIGTERM');
    const answers = await Promise.all(underWay);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(await ended).toEqual({ code: 0, signal: null });
    await expect(sendRaw(socket)).rejects.toThrow(/ENOENT|ECONNREFUSED/);
  });

  test('does not wait for idle connections', async () => {
    const { ask, ended, signal } = await rig.start();
    await ask('/ok');
    const began = performance.now();
    signal('SIGINT');
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(performance.now() - began).toBeLessThan(1000);
  });
});

describe('a replica that can not serve', () => {
  /** Its exit code and what it said. */
  const fateWith = async (config: Readonly<Record<string, unknown>>) => {
    const { ended, output } = await rig.start(config, false);
    return [(await ended).code, ...output().stderr.trimEnd().split('\n')];
  };
  const fate = (line: RegExp) => [78, expect.stringMatching(line)];

  test('for want of a service ends with one line', async () => {
    const empty = join(rig.folder, 'empty');
    mkdirSync(empty);
    expect(await fateWith({ transpiled: empty })).toEqual(fate(/app\.js is not there/));
    expect(await fateWith({ transpiled: join(rig.folder, 'absent') })).toEqual(fate(/ENOENT/));
  });

  test('because the service starts with more memory than it may have ends with one line', async () => {
    expect(await fateWith({ memory: 65_536 })).toEqual(fate(/^slipway: The module starts with \d+ pages/));
  });

  test('because the module is broken ends with one line', async () => {
    const broken = join(rig.folder, 'broken');
    mkdirSync(broken);
    for (const name of readdirSync(await rig.prepared())) {
      const content = readFileSync(join(await rig.prepared(), name));
      writeFileSync(join(broken, name), name === 'app.core.wasm' ? content.subarray(0, 5000) : content);
    }
    expect(await fateWith({ transpiled: broken })).toEqual(fate(/^slipway: /));
  });

  test('because its configuration is wrong names the member', async () => {
    expect(await fateWith({ memory: '64MiB' })).toEqual(
      fate(/^slipway: In the configuration .* memory must be a whole number/),
    );
  });
});

test('niceness is that of every thread that runs the service, not of the watchdog', async () => {
  const { pid } = await rig.start({ niceness: 10 });
  const niceness = readdirSync(`/proc/${pid}/task`).map((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
  });
  const own = Number(
    readFileSync('/proc/self/stat', 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')[16],
  );
  expect(niceness[0]).toBe(Math.min(19, Math.max(own, 10)));
  expect(niceness.filter((value) => value === own).length).toBeGreaterThanOrEqual(1);
});
