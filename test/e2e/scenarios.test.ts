/**
 * The scenario files on the embedded platform: real agent, router and replicas, with time scaled. One file, two worlds, one
 * outcome. A file is left out only for what one machine can't be made to do on demand (`leftOut`).
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Expectation, Range } from '../../src/delivery/index.ts';
import { performRehearsal } from '../../src/delivery/rehearsal/run-rehearsal.ts';
import { phaseOf } from '../../src/delivery/turn.ts';
import { type AgentRig, createAgentRig } from '../rigs/agent-rig.ts';
import { createRealStage, type RealStage, type Sight } from '../rigs/real-stage.ts';
import { factorOf, leftOut } from '../rigs/playable.ts';
import { scaledRehearsal } from '../rigs/scaled-rehearsal.ts';
import { readScenarios, type Scenario } from '../scenarios/read-scenarios.ts';

/** How far from its instant an expectation may come true: processes start, looks take place once a second. */
const EARLY = 700;
const LATE = 6000;

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
    const disappointments = scaled.expect.flatMap((expectation) => differences(expectation, sights));
    expect(disappointments).toEqual([]);

    const simulated = (await performRehearsal(rehearsal, { check: false })).state;
    const last = sights.at(-1);
    expect([last?.phase, last?.stable === null]).toEqual([phaseOf(simulated), simulated.stable === null]);
  });
});

/** What was not seen near the time at which it was expected. Counts of requests are not compared: time is scaled. */
function differences(expectation: Expectation, sights: readonly Sight[]): readonly string[] {
  const { at } = expectation;
  const near = sights.filter((sight, index) => {
    const until = sights[index + 1]?.at ?? Infinity;
    return at === Infinity ? until === Infinity : sight.at <= at + LATE && until >= at - EARLY;
  });
  if (near.some((sight) => fulfils(sight, expectation))) return [];
  return [`${JSON.stringify(expectation)} was expected, but ${near.map((sight) => JSON.stringify(sight)).join('\n')}`];
}

function fulfils(sight: Sight, expectation: Expectation): boolean {
  const words = ['phase', 'reason', 'stable', 'candidate', 'outcome', 'queued', 'refused'] as const;
  if (words.some((word) => expectation[word] !== undefined && expectation[word] !== sight[word])) return false;
  if (expectation.step !== undefined && !isIn(sight.step ?? -1, expectation.step)) return false;
  const all = (wanted: Readonly<Record<string, Range>>, seen: Readonly<Record<string, number>>): boolean =>
    Object.entries(wanted).every(([name, range]) => isIn(seen[name] ?? 0, range));
  return all(expectation.traffic ?? {}, sight.traffic) && all(expectation.ready ?? {}, sight.ready);
}

function isIn(value: number, { from, to }: Range): boolean {
  return value >= from - 1e-9 && value <= to + 1e-9;
}
