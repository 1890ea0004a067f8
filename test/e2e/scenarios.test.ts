/**
 * The scenario files on the embedded platform: real agent, router and replicas, with time scaled. One file, two worlds, one
 * outcome. A file is left out only for what one machine can't be made to do on demand (`leftOut`).
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { performRehearsal } from '../../src/delivery/rehearsal/run-rehearsal.ts';
import { phaseOf } from '../../src/delivery/turn.ts';
import { type AgentRig, createAgentRig } from '../rigs/agent-rig.ts';
import { createRealStage, type RealStage } from '../rigs/real-stage.ts';
import { factorOf, leftOut } from '../rigs/playable.ts';
import { scaledRehearsal } from '../rigs/scaled-rehearsal.ts';
import { disappointmentsOf } from '../rigs/sights.ts';
import { readScenarios, type Scenario } from '../scenarios/read-scenarios.ts';

/** How far from its instant an expectation may come true: processes start, looks take place once a second. */
const NEAR = { early: 700, late: 6000 };

const ALL = await readScenarios();
const PLAYED = ALL.filter(({ file, rehearsal }) => leftOut(file, rehearsal) === null);

let rig: AgentRig;
let stage: RealStage;

beforeAll(async () => {
  rig = createAgentRig();
  await rig.start();
  stage = createRealStage(rig);
});

afterAll(async () => {
  await stage.end();
  await rig[Symbol.asyncDispose]();
});

describe('a rehearsal file says what the embedded platform does', () => {
  test('at least forty of them', () => {
    expect(PLAYED.length).toBeGreaterThanOrEqual(40);
  });

  test.concurrent.each(PLAYED)('$file', { timeout: 120_000 }, async ({ file, rehearsal }: Scenario) => {
    const scaled = scaledRehearsal(rehearsal, factorOf(rehearsal));
    const sights = await stage.play(file.replace('.yaml', '').slice(0, 50), scaled);
    const disappointments = disappointmentsOf(scaled.expect, sights, NEAR);
    expect(disappointments).toEqual([]);

    const simulated = (await performRehearsal(rehearsal, { check: false })).state;
    const last = sights.at(-1);
    expect([last?.phase, last?.stable === null]).toEqual([phaseOf(simulated), simulated.stable === null]);
  });
});
