import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runGate, serveRelease } from '../../../test/rigs/gate-rig.ts';
import type { LoadPlan } from '../../delivery/index.ts';
import { systemClock } from '../../kernel/clock.ts';
import { judgeLoad } from './load-gate.ts';
import { createLatencyTally, type LoadReport } from './load-report.ts';

const LOAD: LoadPlan = { path: '/work', rate: 50, for: 1000, p99: 2000, errors: 0 };

describe('against a real server', { timeout: 20_000 }, () => {
  test('the rate is asked for, at the path and of the release that are meant', async () => {
    await using server = await serveRelease((_request, response) => response.end('well'));
    const verdict = await runGate({ gate: 'load', load: LOAD }, server);
    expect(verdict).toMatchObject({ kind: 'passed' });
    expect(verdict.summary).toMatch(/^\d+ answers \(\d+ × 200\), half within \d.*, 99% within \d/);
    expect(server.asked.length).toBeGreaterThanOrEqual(50);
    expect(server.asked.length).toBeLessThanOrEqual(150);
    const host = new URL(server.url).host;
    expect(new Set(server.asked.map((asked) => `${asked.host}${asked.path}`))).toEqual(new Set([`${host}/work`]));
  });

  test('errors beyond the share that is allowed fail it', async () => {
    let count = 0;
    await using server = await serveRelease((_request, response) => {
      count += 1;
      response.statusCode = count % 10 === 0 ? 500 : 200;
      response.end();
    });
    const verdict = await runGate({ gate: 'load', load: { ...LOAD, errors: 0.01 } }, server);
    expect(verdict.kind).toBe('failed');
    expect(verdict.summary).toMatch(/^\d+(\.\d+)?% failed \(\d+ of \d+\), allowed are 1%: /);
    expect(await runGate({ gate: 'load', load: { ...LOAD, errors: 0.2 } }, server)).toMatchObject({ kind: 'passed' });
  });

  test('nobody at the address is no answer of the release', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const url = `http://7.herald.staging.localhost:${port}`;
    const verdict = await runGate({ gate: 'load', load: LOAD }, { url });
    expect(verdict.kind).toBe('error');
    expect(verdict.summary).toContain('ECONNREFUSED');
  });

  test('it ends soon when it is stopped, and asks for nothing more', async () => {
    await using server = await serveRelease((_request, response) => response.end());
    const stop = new AbortController();
    const running = runGate({ gate: 'load', load: { ...LOAD, for: 60_000 } }, server, stop.signal);
    while (server.asked.length === 0) await systemClock.sleep(5);
    stop.abort();
    expect(await running).toEqual({ kind: 'error', summary: 'it was stopped' });
    const { length } = server.asked;
    await systemClock.sleep(1200);
    expect(server.asked).toHaveLength(length);
  });
});

test('a load ends when whoever wanted it is killed', { timeout: 20_000 }, async () => {
  await using server = await serveRelease((_request, response) => response.end());
  const { host, port } = new URL(server.url);
  const order = { url: `http://127.0.0.1:${port}/`, host, rate: 20, seconds: 60, connections: 1 };
  const script = '"$0" "$1" "$2" & wait';
  const main = join(import.meta.dirname, 'main.ts');
  const killed = spawn('sh', ['-c', script, process.execPath, main, JSON.stringify(order)], { stdio: 'ignore' });
  while (server.asked.length === 0) await systemClock.sleep(5);
  killed.kill('SIGKILL');
  await systemClock.sleep(1000);
  const { length } = server.asked;
  await systemClock.sleep(1200);
  expect(server.asked).toHaveLength(length);
});

test('a generator that can not be started says nothing about the release', async () => {
  const { runLoad } = await import('./load-gate.ts');
  const signal = new AbortController().signal;
  const broken = [process.execPath, '--eval', 'throw new Error("no such module")'];
  const verdict = await runLoad({ load: LOAD, url: 'http://127.0.0.1:1', program: broken, signal });
  expect(verdict).toMatchObject({ kind: 'error' });
});

describe('a report', () => {
  const report: LoadReport = {
    answered: 50,
    statuses: { 200: 50 },
    unanswered: 0,
    reachable: true,
    complaint: null,
    p99: 20,
    p50: 4,
  };

  test('is judged by its slowest hundredth', () => {
    expect(judgeLoad({ ...LOAD, p99: 20 }, report)).toEqual({
      kind: 'passed',
      summary: '50 answers (50 × 200), half within 4ms, 99% within 20ms',
    });
    expect(judgeLoad({ ...LOAD, p99: 19 }, report)).toMatchObject({
      kind: 'failed',
      summary: expect.stringMatching(/^99% were answered within 20ms, allowed are 19ms: /) as string,
    });
  });

  test('of far fewer answers than were asked for is a load that was not borne', () => {
    const { kind, summary } = judgeLoad(LOAD, { ...report, answered: 44 });
    expect([kind, summary.split(':')[0]]).toEqual(['failed', 'only 44/s were answered of the 50/s asked for']);
  });

  test('of requests without an answer counts them as failed', () => {
    const { kind, summary } = judgeLoad(LOAD, { ...report, unanswered: 2, complaint: 'socket hang up' });
    expect([kind, summary.split(',')[0]]).toEqual(['failed', '3.85% failed (2 of 52)']);
  });
});

describe('latencies', () => {
  test('count what a late answer has kept from being asked', () => {
    const tally = createLatencyTally(100);
    for (let count = 0; count < 90; count += 1) tally.add(1);
    expect(tally.quantile(0.99)).toBe(1);
    // While this one was waited for, nine more were due: they would have taken 900, 800, … 100 ms.
    tally.add(1000);
    expect(tally.quantile(1)).toBe(1000);
    expect(tally.quantile(0.99)).toBe(900);
    expect(tally.quantile(0.91)).toBe(100);
    expect(tally.quantile(0.95)).toBe(500);
  });

  test('of nothing are unknown', () => {
    expect(createLatencyTally(100).quantile(0.5)).toBeNull();
  });
});
