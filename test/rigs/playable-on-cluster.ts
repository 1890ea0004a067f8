/** Which rehearsal files are played on a real API server, and how much faster than they are written. */

import type { Rehearsal, Strategy } from '../../src/delivery/index.ts';
import type { Scenario } from '../scenarios/read-scenarios.ts';

/** How long one of them takes in real time. Counts are made for the test and go by the same factor as time does. */
const USUAL = 60_000;
/** What starts pods and watches them can't be made faster: a deadline stays at least so long. */
const SHORTEST_DEADLINE = 2000;
const LONGEST = 130_000;
const MOST_FACTOR = 6;
/** As written. */
const SLOWEST = 1;

/** Why this one is not played on a cluster; `null` when it is. */
export function leftOutOnCluster(scenario: Scenario): string | null {
  const { file, rehearsal } = scenario;
  const { spec, releases, events, users, platforms, start, secrets, until } = rehearsal;
  const strategies = [
    spec.strategy,
    ...events.flatMap(({ action }) => (action.kind === 'strategy' ? [action.strategy] : [])),
  ];
  if (!/^[a-z]\d\d-/.test(file) && !MORE.has(file)) return 'it is no row of facts/rollouts.md';
  if (/^n\d\d-/.test(file)) return 'what the judge concludes has nothing of a cluster in it';
  if (TOO_TIGHT.has(file)) return 'its instants are too close together for watches';
  if (until / factorOnCluster(scenario) > LONGEST) return 'it is too long';
  if (platforms.length > 0) return 'all nodes of the cluster are of one kind';
  if (strategies.some((one) => one.kind === 'canary' && one.steps?.some(({ kind }) => kind === 'mirror'))) {
    return 'copies of requests are not counted here';
  }
  if (spec.affinity.kind !== 'none' || users.match > 0) return 'who sends a request is not played here';
  if (hasGates(rehearsal, strategies)) return 'gates ask a release by its address, which nothing answers here';
  if (Object.keys(secrets).length > 0 || events.some(({ action }) => action.kind === 'secrets')) {
    return 'versions of secrets have tests of their own';
  }
  if (Object.values(releases).some((one) => !one.loadable || one.secrets === 'gone' || one.timeouts > 0)) {
    return 'a release behaves as no pod does';
  }
  if (events.some(({ action }) => action.kind === 'metrics' && !METRICS.has(action.state))) {
    return 'counters can only be there, absent or empty here';
  }
  if (strategies.some((one) => one.kind === 'canary' && one.steps === null) && factorOnCluster(scenario) > SLOWEST) {
    return 'the built-in plan has times that are not scaled';
  }
  if (start === null && factorOnCluster(scenario) > SLOWEST && strategies.some(({ kind }) => kind === 'canary')) {
    return 'a first deployment is watched for a time that is not scaled';
  }
  if (strategies.some((one) => judgesOf(one).some((judge) => typeof judge?.slo.p99 === 'number'))) {
    return 'latencies are not drawn here';
  }
  return null;
}

/** How much faster than written; below one: slower. */
export function factorOnCluster({ file, rehearsal: { until, spec } }: Scenario): number {
  const usual = Math.min(until / USUAL, spec.strategy.deadline / SHORTEST_DEADLINE, MOST_FACTOR);
  return SLOWER.get(file) ?? Math.max(SLOWEST, usual);
}

function hasGates({ spec: { gates } }: Rehearsal, strategies: readonly Strategy[]): boolean {
  if (gates.e2e || gates.load !== null || gates.smoke.length > 0) return true;
  return strategies.some(
    (one) => one.kind === 'blueGreen' && (one.before.load !== null || one.before.smoke.length > 0),
  );
}

function judgesOf(strategy: Strategy) {
  switch (strategy.kind) {
    case 'rolling':
      return [];
    case 'blueGreen':
      return [strategy.before.judge, strategy.after.judge];
    case 'canary':
      return [strategy.judge, ...(strategy.steps ?? []).flatMap((step) => (step.kind === 'judge' ? [step.judge] : []))];
  }
}

const METRICS: ReadonlySet<string> = new Set(['up', 'down', 'empty']);

/** Played though they are no rows: what splits requests by replicas. */
const MORE: ReadonlySet<string> = new Set(['rolling-by-replicas.yaml', 'rolling-crash-loop.yaml']);

/** What lasts a few seconds in them is over on a busy machine before all of it is seen. */
const SLOWER: ReadonlyMap<string, number> = new Map([
  ['c06-scale-during-a-roll.yaml', 0.5],
  ['r01-rollback-inside-the-window.yaml', 1],
  ['r01-rollback-outside-the-window.yaml', 1],
]);

/** Scaled, they leave a busy machine no time between two instants. */
const TOO_TIGHT: ReadonlySet<string> = new Set([
  'b02-kept-releases.yaml',
  'r04-outcomes.yaml',
  'c26-strategy-switch.yaml',
  'f06-weights-in-order.yaml',
  't04-weight-accuracy.yaml',
  'x03-metrics-down.yaml',
  'x03-metrics-empty.yaml',
]);
