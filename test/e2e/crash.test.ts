/**
 * The agent is killed (by a real SIGKILL) after every intent and after every outcome of a promoted and of an aborted
 * canary, and of a blue-green switch whose gate fails, on the embedded platform, under load. A new agent must go on to the same end, with the same evidence, and no
 * request may fail but the candidate's own.
 */

import { describe, expect, test } from 'vitest';
import type { EngineRecord, RolloutLooked, Strategy } from '../../src/delivery/index.ts';
import { dataOf } from '../../src/delivery/entries.ts';
import { addLook, startEvidence } from '../../src/delivery/judge/index.ts';
import { openSqliteJournal } from '../../src/journal/index.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { join } from 'node:path';
import { openSqliteRolloutStore } from '../../src/platforms/embedded/index.ts';
import type { Load } from '../load/load.ts';
import { type AgentRig, createAgentRig, KEY, QUICK } from '../rigs/agent-rig.ts';

async function recordOf(rig: AgentRig): Promise<EngineRecord> {
  const store = openSqliteRolloutStore({ path: join(rig.home, 'slipway.db') });
  const loaded = await store.load(KEY);
  store.close();
  if (loaded === null) throw new Error('no record');
  return loaded.record;
}

/** The evidence of a rollout, computed again from the counters that each look has written down. */
function evidenceFromJournal(rig: AgentRig, rollout: string, plan: Strategy) {
  const journal = openSqliteJournal({ path: join(rig.home, 'slipway.db'), clock: systemClock });
  const looks = journal
    .read({ kinds: ['rollout.looked'] })
    .map((entry) => dataOf<RolloutLooked>(entry))
    .filter((look) => look.rollout === rollout);
  const entries = journal.read().length;
  const keys = new Set(journal.read().map(({ key }) => key));
  journal.close();
  expect(keys.size).toBe(entries);
  return looks.reduce(
    (evidence, { counts, at }) => addLook(evidence, counts, at),
    startEvidence(QUICK.judge, plan.kind === 'canary'),
  );
}

interface Crash {
  readonly number: number;
  readonly failpoint: string;
  readonly config: Readonly<Record<string, string>>;
  /** The release that gets all requests in the end. */
  readonly serves: number;
  readonly plan: Strategy;
}

/** When the rollout has ended and what follows from that (replicas that are not needed any more) is done as well. */
async function settled(rig: AgentRig, number: number): Promise<void> {
  await rig.ended(number);
  await new Promise((resolve) => setTimeout(resolve, 1500));
}

/** One rollout whose agent is killed at the failpoint, if it gets there, and followed by another. */
async function crashOnce(rig: AgentRig, { number, failpoint, config, serves, plan }: Crash) {
  await rig.start(failpoint);
  const samples = rig.sampleShares();
  await rig.deploy(config, plan).catch(() => undefined);
  const died = await Promise.race([rig.dead().then(() => true), settled(rig, number).then(() => false)]);
  if (died) await rig.start();
  const rollout = await rig.ended(number);
  const shares = await samples(serves);
  await rig.client.stop(false);
  await rig.dead();
  return { died, rollout, weights: shares.map((share) => share[number] ?? 0) };
}

interface Plot {
  readonly plan?: Strategy;
  readonly config: (number: number) => Readonly<Record<string, string>>;
  readonly serves: (number: number) => number;
  readonly check: (crash: Awaited<ReturnType<typeof crashOnce>>, number: number) => Promise<void>;
}

/** Kills after the first intent of a rollout, then after the second …, until there is none left; the same for outcomes. */
async function crashEverywhere(
  rig: AgentRig,
  { config, serves, check, plan = QUICK }: Plot,
): Promise<Record<string, number>> {
  const points: Record<string, number> = {};
  let number = 1;
  for (const kind of ['intent', 'outcome']) {
    for (let count = 1; ; count += 1) {
      number += 1;
      const failpoint = `${kind}#${count}`;
      const crash = await crashOnce(rig, { number, failpoint, config: config(number), serves: serves(number), plan });
      await check(crash, number);
      const { state } = await recordOf(rig);
      expect([failpoint, state.rollout?.evidence]).toEqual([
        failpoint,
        evidenceFromJournal(rig, crash.rollout.started.rollout, plan),
      ]);
      if (!crash.died) break;
      points[kind] = count;
    }
  }
  return points;
}

async function serving(rig: AgentRig): Promise<Load> {
  await rig.start();
  await rig.deploy({ VERSION: '1' });
  const load = await rig.load();
  await rig.ended(1);
  await rig.client.stop(false);
  await rig.dead();
  return load;
}

describe('an agent that is killed', () => {
  test('after any intent or outcome of a promoted rollout promotes all the same', async () => {
    await using rig = createAgentRig();
    const load = await serving(rig);
    const points = await crashEverywhere(rig, {
      config: (number) => ({ VERSION: String(number) }),
      serves: (number) => number,
      async check({ rollout, weights }, number) {
        expect(rollout.ended?.outcome).toBe('promoted');
        expect(weights).toEqual(weights.toSorted((one, other) => one - other));
        const { state } = await recordOf(rig);
        expect([state.stable, state.rollout?.step]).toEqual([number, 4]);
      },
    });
    // Three weights, and the replicas for each: six effects.
    expect(points['outcome']).toBeGreaterThanOrEqual(6);
    expect(points['intent']).toBeGreaterThanOrEqual(4);
    const seen = await load.stop();
    expect(seen.length).toBeGreaterThan(1000);
    expect(seen.filter(({ status }) => status !== 200)).toEqual([]);
  });

  test('after any intent or outcome of an aborted rollout aborts all the same', async () => {
    await using rig = createAgentRig();
    const load = await serving(rig);
    const points = await crashEverywhere(rig, {
      config: (number) => ({ VERSION: String(number), STUB_ERROR_EVERY: '2' }),
      serves: () => 1,
      async check({ rollout, weights }) {
        expect(rollout.ended?.outcome).toBe('aborted');
        const after = weights.slice(weights.indexOf(Math.max(...weights)) + 1);
        expect(after.filter((weight) => weight !== 0)).toEqual([]);
        const { state } = await recordOf(rig);
        expect([state.stable, state.rollout?.outcome]).toEqual([1, 'aborted']);
      },
    });
    // Replicas up, traffic there, traffic back, replicas down.
    expect(points['outcome']).toBeGreaterThanOrEqual(4);
    expect(points['intent']).toBeGreaterThanOrEqual(3);
    const seen = await load.stop();
    expect(seen.filter(({ status, release }) => status !== 200 && release === 1)).toEqual([]);
    expect(seen.filter(({ status }) => status === null)).toEqual([]);
  });

  test('after any intent or outcome of a switch whose gate fails exposes it to nobody', async () => {
    await using rig = createAgentRig();
    const load = await serving(rig);
    const points = await crashEverywhere(rig, {
      plan: {
        kind: 'blueGreen',
        previewReplicas: 1,
        switch: 'auto',
        before: {
          smoke: [{ method: 'get', path: '/health', body: null, status: 200 }],
          load: null,
          e2e: false,
          judge: null,
        },
        after: { judge: null },
        keep: 0,
        deadline: 60_000,
        onDeadline: 'abort',
      },
      config: (number) => ({ VERSION: String(number), STUB_DOES: 'error' }),
      serves: () => 1,
      async check({ rollout, weights }) {
        expect(rollout.ended?.outcome).toBe('aborted');
        expect(rollout.ended?.because).toContain('/health');
        expect(weights.filter((weight) => weight !== 0)).toEqual([]);
        const { state } = await recordOf(rig);
        expect([state.stable, state.rollout?.outcome]).toEqual([1, 'aborted']);
      },
    });
    // A replica up, the gate wanted, the gate not wanted any more, the replica down.
    expect(points['outcome']).toBeGreaterThanOrEqual(4);
    expect(points['intent']).toBeGreaterThanOrEqual(3);
    const seen = await load.stop();
    expect(seen.filter(({ status }) => status !== 200)).toEqual([]);
    expect(seen.filter(({ release }) => release !== 1)).toEqual([]);
  });
});
