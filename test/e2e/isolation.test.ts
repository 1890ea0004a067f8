/**
 * A candidate that loops for ever, one that allocates without end and one that traps on each request, as real components
 * in real replicas under load: no stable request fails, stable's p99 stays within max(3 ×, 100 ms) as the median of five
 * runs, the host stays, and the candidate is aborted.
 */

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { summarise } from '../load/load.ts';
import { createAgentRig, QUICK } from '../rigs/agent-rig.ts';

const COMPONENT = join(import.meta.dirname, '../fixtures/services/misbehave.wasm');
const RATE = 100;
const RUNS = 5;

/** The candidate stays at its first weight until the judge or the supervisor ends it. */
const PATIENT = {
  ...QUICK,
  steps: [
    { kind: 'weight' as const, weight: 0.1 },
    { kind: 'pause' as const, duration: 60_000 },
  ],
};

test.each(['/loop', '/allocate', '/trap'])(
  'a candidate whose every answer is %s touches nobody else',
  async (misdeed) => {
    await using rig = createAgentRig({ component: COMPONENT });
    await rig.start();
    await rig.deploy({ VERSION: 'good' });
    const load = await rig.load(RATE);
    await rig.ended(1);
    const agent = await rig.client.info();
    const quietFrom = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const quiet = summarise(load.soFar().filter(({ at }) => at >= quietFrom));

    const p99s: number[] = [];
    for (let run = 1; run <= RUNS; run += 1) {
      const from = Date.now();
      await rig.deploy({ VERSION: `bad ${run}`, ALWAYS: misdeed }, PATIENT);
      const rollout = await rig.ended(run + 1);
      expect(rollout.ended?.outcome).toBe('aborted');
      const during = load.soFar().filter(({ at, release }) => at >= from && release === 1);
      p99s.push(summarise(during).p99);
    }
    const seen = await load.stop();
    expect(seen.filter(({ release, status }) => (release === 1 || release === null) && status !== 200)).toEqual([]);
    expect(seen.filter(({ status }) => status === null)).toEqual([]);
    const median = p99s.toSorted((one, other) => one - other)[Math.floor(RUNS / 2)] ?? Infinity;
    expect({ misdeed, quiet: quiet.p99, p99s, holds: median <= Math.max(3 * quiet.p99, 100) }).toMatchObject({
      holds: true,
    });
    expect(await rig.client.info()).toEqual(agent);
  },
);
