/**
 * A candidate that fails one request in ten, at 5 % of 100 requests per second, on the real host (bar G4b of
 * facts/rollouts.md section 12): how long after the evidence is there the last user reaches it, and how many users it costs.
 * A load generator of its own sees all; when the bar was crossed is computed from what it saw, not taken from the engine.
 * Real agents, routers and processes; the replicas are stubs. Ends with 1 when a goal is missed.
 */

import { logWorse, worseLogs } from '../src/delivery/judge/relative.ts';
import type { CanaryPlan } from '../src/delivery/index.ts';
import type { LoadRecord } from '../test/load/load.ts';
import { createAgentRig, QUICK } from '../test/rigs/agent-rig.ts';

const RIGS = 3;
const RUNS = Number(process.argv[2] ?? 30) / RIGS;
const RATE = 100;
const WEIGHT = 0.05;
const BAR = Math.log(100);

const PLAN: CanaryPlan = {
  ...QUICK,
  steps: [
    { kind: 'weight', weight: WEIGHT },
    { kind: 'pause', duration: 'manual' },
  ],
};

interface Run {
  /** Milliseconds. */
  readonly toLastRequest: number;
  readonly fromBar: number;
  readonly errors: number;
}

/** One agent with its own home, router and load; its runs come one after the other. */
async function runsOf(): Promise<readonly Run[]> {
  await using rig = createAgentRig();
  await rig.start();
  await rig.deploy({ STUB_ERRORS: '0.001' }, QUICK);
  const load = await rig.load(RATE);
  await rig.ended(1);
  for (let run = 0; run < RUNS; run += 1) {
    await rig.deploy({ STUB_ERRORS: '0.1', VERSION: `bad ${run}` }, PLAN);
    const { ended } = await rig.ended(run + 2);
    if (ended?.outcome !== 'aborted') throw new Error(`run ${run} ended ${ended?.outcome}: ${ended?.because}`);
  }
  const seen = await load.stop();
  const bad = seen.filter(({ release }) => release !== null && release > 1);
  return [...new Set(bad.map(({ release }) => release))].map((release) => runFrom(seen, release));
}

function runFrom(seen: readonly LoadRecord[], candidate: number | null): Run {
  const own = seen.filter(({ release }) => release === candidate);
  const [first, last] = [own[0]?.at ?? 0, own.at(-1)?.at ?? 0];
  const errors = own.filter(({ status }) => status !== 200).length;
  return { toLastRequest: last - first, fromBar: Math.max(0, last - barCrossed(seen, candidate, first)), errors };
}

/** When the answers that the users had by then were enough to prove the candidate worse. */
function barCrossed(seen: readonly LoadRecord[], candidate: number | null, from: number): number {
  const failures = seen
    .filter(({ at, status }) => at >= from && status !== 200)
    .map(({ at, ms, release }) => ({ at: at + ms, bad: release === candidate ? 1 : 0 }))
    .sort((one, other) => one.at - other.at);
  let logs: readonly number[] = [];
  for (const { at, bad } of failures) {
    const more = worseLogs({ bad, events: 1, q: WEIGHT }, 1);
    logs = more.map((log, index) => log + (logs[index] ?? 0));
    if (logWorse(logs) >= BAR) return at;
  }
  return Infinity;
}

const runs = (await Promise.all(Array.from({ length: RIGS }, runsOf))).flat();
const sorted = (values: readonly number[]): readonly number[] => values.toSorted((one, other) => one - other);
const quantile = (values: readonly number[], share: number): number =>
  sorted(values)[Math.min(values.length - 1, Math.ceil(values.length * share) - 1)] ?? Infinity;
const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`;

const late = runs.filter(({ fromBar }) => fromBar > 1500).length;
const most = Math.max(...runs.map(({ fromBar }) => fromBar));
const whole = runs.map(({ toLastRequest }) => toLastRequest);
const errors = runs.reduce((sum, run) => sum + run.errors, 0) / runs.length;
const checks: readonly (readonly [string, boolean])[] = [
  [
    `bar crossed → last request: ${runs.length - late} of ${runs.length} within 1.5 s (goal: all but one of 30)`,
    late <= runs.length / 30,
  ],
  [`  the slowest ${seconds(most)} (goal ≤ 3 s)`, most <= 3000],
  [`first → last request: median ${seconds(quantile(whole, 0.5))} (goal ≤ 10 s)`, quantile(whole, 0.5) <= 10_000],
  [`  90 % within ${seconds(quantile(whole, 0.9))} (goal ≤ 20 s)`, quantile(whole, 0.9) <= 20_000],
  [`errors that users saw: ${errors.toFixed(2)} on average (goal ≤ 6)`, errors <= 6],
];
console.log(`a candidate with 10 % errors at 5 % of ${RATE} requests/s, ${runs.length} runs on the embedded platform`);
for (const [says, holds] of checks) console.log(`  ${holds ? '✔' : '✘'} ${says}`);
process.exitCode = checks.every(([, holds]) => holds) ? 0 : 1;
