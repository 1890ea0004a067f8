/**
 * The agent is killed (by a real SIGKILL) after every intent and after every outcome of a promoted and of an aborted
 * rollout on the embedded platform, under load. A new agent must go on to the same end, with the same evidence, and no
 * request may fail but the candidate's own.
 */

import { describe, expect, test } from 'vitest';
import type { EngineRecord, RolloutLooked } from '../../src/delivery/index.ts';
import { addLook, startEvidence } from '../../src/delivery/judge/index.ts';
import { openSqliteJournal } from '../../src/journal/index.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { join } from 'node:path';
import { openSqliteRolloutStore } from '../../src/platforms/embedded/index.ts';
import { type AgentRig, createAgentRig, KEY, QUICK } from '../rigs/agent-rig.ts';

/** Points of one rollout: its effects are each an intent and an outcome. */
const PROMOTED_EFFECTS = 6;
const ABORTED_EFFECTS = 4;

async function recordOf(rig: AgentRig): Promise<EngineRecord> {
  const store = openSqliteRolloutStore({ path: join(rig.home, 'slipway.db') });
  const loaded = await store.load(KEY);
  store.close();
  if (loaded === null) throw new Error('no record');
  return loaded.record;
}

/** The evidence of a rollout, computed again from the counters that each look has written down. */
function evidenceFromJournal(rig: AgentRig, rollout: string) {
  const journal = openSqliteJournal({ path: join(rig.home, 'slipway.db'), clock: systemClock });
  const looks = journal
    .read({ kinds: ['rollout.looked'] })
    .map(({ data }) => data as unknown as RolloutLooked)
    .filter((look) => look.rollout === rollout);
  const entries = journal.read().length;
  const keys = new Set(journal.read().map(({ key }) => key));
  journal.close();
  expect(keys.size).toBe(entries);
  return looks.reduce((evidence, { counts }) => addLook(evidence, counts), startEvidence(QUICK.judge, true));
}

interface Crash {
  readonly number: number;
  readonly failpoint: string;
  readonly config: Readonly<Record<string, string>>;
  /** The release that gets all requests in the end. */
  readonly serves: number;
}

async function crashOnce(rig: AgentRig, { number, failpoint, config, serves }: Crash) {
  await rig.start(failpoint);
  const samples = rig.sampleShares();
  await rig.deploy(config).catch(() => undefined);
  await rig.dead();
  await rig.start();
  const rollout = await rig.ended(number);
  const shares = await samples(serves);
  await rig.client.stop(false);
  await rig.dead();
  return { rollout, shares };
}

describe('an agent that is killed', () => {
  test('after any intent or outcome of a promoted rollout promotes all the same', async () => {
    await using rig = createAgentRig();
    await rig.start();
    await rig.deploy({ VERSION: '1' });
    const load = await rig.load();
    await rig.ended(1);
    await rig.client.stop(false);
    await rig.dead();
    let number = 1;
    for (const kind of ['intent', 'outcome']) {
      // An intent may hold several effects, so there are fewer intents than outcomes.
      for (let count = 1; count <= (kind === 'intent' ? 4 : PROMOTED_EFFECTS); count += 1) {
        number += 1;
        const { rollout, shares } = await crashOnce(rig, {
          number,
          failpoint: `${kind}#${count}`,
          config: { VERSION: String(number) },
          serves: number,
        });
        expect([kind, count, rollout.ended?.outcome]).toEqual([kind, count, 'promoted']);
        const weights = shares.map((share) => share[number] ?? 0);
        expect([kind, count, weights]).toEqual([kind, count, weights.toSorted((a, b) => a - b)]);
        expect(weights.at(-1)).toBe(1);
        const { state } = await recordOf(rig);
        expect([state.stable, state.rollout?.step]).toEqual([number, 4]);
        expect(state.rollout?.evidence).toEqual(evidenceFromJournal(rig, rollout.started.rollout));
      }
    }
    const seen = await load.stop();
    expect(seen.length).toBeGreaterThan(1000);
    expect(seen.filter(({ status }) => status !== 200)).toEqual([]);
  });

  test('after any intent or outcome of an aborted rollout aborts all the same', async () => {
    await using rig = createAgentRig();
    await rig.start();
    await rig.deploy({ VERSION: '1' });
    const load = await rig.load();
    await rig.ended(1);
    await rig.client.stop(false);
    await rig.dead();
    let number = 1;
    for (const kind of ['intent', 'outcome']) {
      for (let count = 1; count <= (kind === 'intent' ? 3 : ABORTED_EFFECTS); count += 1) {
        number += 1;
        const { rollout, shares } = await crashOnce(rig, {
          number,
          failpoint: `${kind}#${count}`,
          config: { VERSION: String(number), STUB_ERROR_EVERY: '2' },
          serves: 1,
        });
        expect([kind, count, rollout.ended?.outcome]).toEqual([kind, count, 'aborted']);
        const weights = shares.map((share) => share[number] ?? 0);
        const after = weights.slice(weights.indexOf(Math.max(...weights)) + 1);
        expect([kind, count, after.every((weight) => weight === 0)]).toEqual([kind, count, true]);
        const { state } = await recordOf(rig);
        expect([state.stable, state.rollout?.outcome]).toEqual([1, 'aborted']);
        expect(state.rollout?.evidence).toEqual(evidenceFromJournal(rig, rollout.started.rollout));
      }
    }
    const seen = await load.stop();
    expect(seen.filter(({ status, release }) => status !== 200 && release === 1)).toEqual([]);
    expect(seen.filter(({ status }) => status === null)).toEqual([]);
  });
});
