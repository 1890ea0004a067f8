/**
 * No request is lost: a load generator of its own through promotion, abort, rollback and a killed agent. What it saw is
 * held against the router's request log and counters, request by request; the split against the binomial bound.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RequestRecord } from '../../src/platforms/embedded/index.ts';
import { openHomePaths } from '../../src/platforms/embedded/home-paths.ts';
import { createRouterClient } from '../../src/platforms/embedded/router-client.ts';
import type { LoadRecord } from '../load/load.ts';
import { fitsWeight } from '../../demo/claims.ts';
import { type AgentRig, createAgentRig, KEY, QUICK, until } from '../rigs/agent-rig.ts';

const RATE = 250;

test('promotion, abort, rollback and a killed agent fail no request but the bad release’s own', async () => {
  await using rig = createAgentRig();
  await rig.start();
  await rig.deploy({ VERSION: '1' });
  const load = await rig.load(RATE);
  await rig.ended(1);

  await rig.deploy({ VERSION: '2' }, { ...QUICK, steps: slowSteps() });
  await rig.kill();
  await rig.start();
  expect((await rig.ended(2)).ended?.outcome).toBe('promoted');
  const promoted = rig.view().rollouts.find(({ started }) => started.number === 2);

  await rig.deploy({ VERSION: '3', STUB_ERROR_EVERY: '3' });
  expect((await rig.ended(3)).ended?.outcome).toBe('aborted');

  const asked = Date.now();
  await rig.client.command(KEY, { kind: 'rollback', to: null });
  await until(() => Promise.resolve(rig.view().now?.stable === 1));
  await rig.kill();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const seen = await load.stop();

  const lost = seen.filter(({ status, release }) => status === null || (status !== 200 && release !== 3));
  expect(lost).toEqual([]);
  expect(seen.filter(({ release, status }) => release === 3 && status === 500).length).toBeGreaterThan(0);
  const afterRollback = seen.filter(({ at, release }) => at > asked + 500 && release !== 1);
  expect(afterRollback).toEqual([]);
  expectShares(promoted?.moments ?? [], seen);
  // The router writes its log in batches of a tenth of a second.
  await new Promise((resolve) => setTimeout(resolve, 500));
  await expectJoined(rig, seen);
});

function slowSteps(): typeof QUICK.steps {
  return [
    { kind: 'weight', weight: 0.05 },
    { kind: 'pause', duration: 4000 },
    { kind: 'weight', weight: 0.25 },
    { kind: 'pause', duration: 3000 },
    { kind: 'weight', weight: 1 },
  ];
}

/** At each step the candidate's share is within the 99.9 % binomial bound of its weight. */
function expectShares(
  moments: readonly { readonly at: number; readonly what: string }[],
  seen: readonly LoadRecord[],
): void {
  let checked = 0;
  moments.forEach(({ at, what }, index) => {
    const weight = Number(/^step to ([\d.]+)%$/.exec(what)?.[1]) / 100;
    const until = moments[index + 2]?.at;
    if (!(weight < 1) || until === undefined) return;
    const during = seen.filter((record) => record.at > at + 500 && record.at < until);
    const count = during.filter(({ release }) => release === 2).length;
    expect([weight, count, during.length, fitsWeight(count, during.length, weight)]).toEqual([
      weight,
      count,
      during.length,
      true,
    ]);
    checked += 1;
  });
  expect(checked).toBe(2);
}

/** Each request of the client is in the request log with the same answer, and the counters add up to the log. */
async function expectJoined(rig: AgentRig, seen: readonly LoadRecord[]): Promise<void> {
  const log = readFileSync(join(rig.home, 'logs', KEY.replace('/', '.'), 'requests.ndjson'), 'utf8');
  const logged = new Map(
    log
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as RequestRecord)
      .map((record) => [record.id, record]),
  );
  const different = seen.filter(({ id, status, release }) => {
    const record = logged.get(id);
    return record?.status !== status || record.release !== release;
  });
  expect(different).toEqual([]);
  const router = createRouterClient(openHomePaths(rig.home).router.control);
  const { environments } = await router.state();
  router.close();
  const rows = environments[KEY]?.rows ?? [];
  for (const release of [1, 2, 3]) {
    const mine = rows.filter((row) => row.release === release);
    const answered = [...logged.values()].filter((record) => record.release === release);
    expect(mine.reduce((sum, { requests }) => sum + requests, 0)).toBe(answered.length);
    const bad = answered.filter(({ status }) => status === null || status >= 500).length;
    expect(mine.reduce((sum, { errors }) => sum + errors, 0)).toBe(bad);
  }
}

test('a second agent on one home refuses to start, and the first goes on', async () => {
  await using rig = createAgentRig();
  await rig.start();
  const first = await rig.client.info();
  const { runAgent, openSystem } = await import('../../src/system.ts');
  const system = openSystem({ ...process.env, SLIPWAY_HOME: rig.home, SLIPWAY_PORT: '0' });
  await expect(runAgent(system)).rejects.toMatchObject({ code: 'agent/already-running' });
  expect(await rig.client.info()).toEqual(first);
});
