import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { runGate, serveRelease } from '../../test/rigs/gate-rig.ts';
import type { GateVerdict, SmokeProbe } from '../delivery/index.ts';
import { systemClock } from '../kernel/clock.ts';
import { runSmoke } from './smoke.ts';

function probe(path: string, more: Partial<SmokeProbe> = {}): SmokeProbe {
  return { method: 'get', path, body: null, status: 200, ...more };
}

function smoke(url: string, ...probes: readonly SmokeProbe[]): Promise<GateVerdict> {
  return runGate({ gate: 'smoke', probes }, { url });
}

test('every probe is asked of the release that is meant, and as it is written', async () => {
  await using server = await serveRelease((request, response) => {
    response.statusCode = request.method === 'POST' ? 201 : 200;
    response.end('well');
  });
  const post = probe('/notes?x=1', { method: 'post', body: '{"a":1}', status: 201 });
  expect(await smoke(server.url, probe('/health'), post)).toEqual({
    kind: 'passed',
    summary: '2 probes were answered as expected',
  });
  const host = new URL(server.url).host;
  expect(server.asked).toEqual([
    { host, method: 'GET', path: '/health', body: '' },
    { host, method: 'POST', path: '/notes?x=1', body: '{"a":1}' },
  ]);
});

test('another status fails it and says what was answered, no further than that', async () => {
  await using server = await serveRelease((_request, response) => {
    response.statusCode = 500;
    response.end(`no\ndatabase${'!'.repeat(1000)}`);
  });
  const { kind, summary } = await smoke(server.url, probe('/health'), probe('/never'));
  expect(kind).toBe('failed');
  expect(summary).toMatch(/^GET \/health answered 500, expected 200: no database!{189}$/);
  expect(server.asked).toHaveLength(1);
});

test('a redirection is an answer of its own, not followed', async () => {
  await using server = await serveRelease((_request, response) => {
    response.writeHead(302, { location: '/elsewhere' }).end();
  });
  expect(await smoke(server.url, probe('/', { status: 302 }))).toMatchObject({ kind: 'passed' });
  expect(await smoke(server.url, probe('/'))).toEqual({
    kind: 'failed',
    summary: 'GET / answered 302, expected 200: nothing more',
  });
});

test('a release that does not answer in time, or breaks off, fails', async () => {
  await using slow = await serveRelease(() => undefined);
  const signal = new AbortController().signal;
  const options = { probes: [probe('/slow')], clock: systemClock, limit: 50, signal };
  expect(await runSmoke({ ...options, url: slow.url })).toEqual({
    kind: 'failed',
    summary: 'GET /slow was not answered within 50ms',
  });
  await using broken = await serveRelease((request) => request.socket.destroy());
  expect(await smoke(broken.url, probe('/'))).toMatchObject({ kind: 'failed' });
});

test('an answer that never ends is read no further than it takes', async () => {
  await using server = await serveRelease((_request, response) => {
    response.statusCode = 503;
    const more = (): unknown => response.write('on and ', () => setImmediate(more));
    more();
  });
  expect(await smoke(server.url, probe('/'))).toMatchObject({ kind: 'failed' });
});

test('nobody at the address says nothing about the release', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const { kind, summary } = await smoke(`http://7.herald.staging.localhost:${port}`, probe('/'));
  expect(kind).toBe('error');
  expect(summary).toContain(`nothing can be reached at http://127.0.0.1:${port}`);
});

test('it ends at once when it is stopped', async () => {
  await using server = await serveRelease(() => undefined);
  const stop = new AbortController();
  const running = runGate({ gate: 'smoke', probes: [probe('/')] }, server, stop.signal);
  while (server.asked.length === 0) await systemClock.sleep(5);
  stop.abort();
  expect(await running).toEqual({ kind: 'error', summary: 'it was stopped' });
});
