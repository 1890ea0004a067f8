/**
 * The scenario files on a real API server, with time scaled, under the least rights: one file, two worlds, one outcome. What
 * users get and which pods are ready is read from the cluster by the rig itself, never from what is tested.
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { performRehearsal } from '../../src/delivery/rehearsal/run-rehearsal.ts';
import { clusterAtHand, type ClusterRig, createClusterRig } from '../rigs/cluster-rig.ts';
import { playOnCluster } from '../rigs/cluster-stage.ts';
import { factorOnCluster, leftOutOnCluster } from '../rigs/playable-on-cluster.ts';
import { scaledRehearsal } from '../rigs/scaled-rehearsal.ts';
import { disappointmentsOf } from '../rigs/sights.ts';
import { readScenarios, type Scenario } from '../scenarios/read-scenarios.ts';

/** How far from its instant an expectation may come true: controllers, watches and the node take their time. */
const NEAR = { early: 500, late: 6000 };

const lasts = (scenario: Scenario): number => scenario.rehearsal.until / factorOnCluster(scenario);
// The longest first: nothing else is to wait for them in the end.
const PLAYED = (await readScenarios())
  .filter((scenario) => leftOutOnCluster(scenario) === null)
  .toSorted((one, other) => lasts(other) - lasts(one));
const ROWS = ['b01', 'b03', 'c01', 'c02', 'c06', 'c08', 'c12', 'c21', 'c22', 'f01', 'f05', 'r01', 'r03'];

describe.skipIf(!(await clusterAtHand()))('a rehearsal file says what a cluster does', () => {
  let rig: ClusterRig;

  beforeAll(async () => {
    rig = await createClusterRig();
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  test('at least twenty-five of them, each row that must be there among them, three with a plain Service', () => {
    expect(PLAYED.length).toBeGreaterThanOrEqual(25);
    expect(ROWS.filter((row) => !PLAYED.some(({ file }) => file.startsWith(`${row}-`)))).toEqual([]);
    expect(PLAYED.filter(({ rehearsal }) => rehearsal.routing === 'replicas').length).toBeGreaterThanOrEqual(3);
  });

  test.concurrent.each(PLAYED)('$file', async (scenario: Scenario) => {
    const { rehearsal } = scenario;
    const factor = factorOnCluster(scenario);
    const scaled = scaledRehearsal(rehearsal, factor);
    const { sights, outcomes } = await playOnCluster(rig, scaled, factor);
    expect(disappointmentsOf(scaled.expect, sights, NEAR)).toEqual([]);

    const { result } = await performRehearsal(rehearsal, { check: false });
    expect(outcomes).toEqual(result.rollouts.map(({ candidate, outcome }) => `${candidate} ${outcome}`));
    const last = sights.at(-1);
    const end = result.timeline.at(-1);
    expect({ phase: last?.phase, traffic: last?.traffic }).toEqual({ phase: end?.phase, traffic: end?.traffic });
  });
});
