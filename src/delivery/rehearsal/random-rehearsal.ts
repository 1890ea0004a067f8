/** Rehearsals that nobody wrote: any plan, any releases, any events in any order, from one seed. For property tests. */

import { createRandom } from '../../kernel/random.ts';
import type { EnvironmentSpec, Strategy } from '../environment-spec.ts';
import { type Choice, createChoice } from './choice.ts';
import { randomGates, randomStrategy } from './random-strategy.ts';
import type { GateEnd, Rehearsal, RehearsalAction, RehearsalEvent, SimulatedRelease } from './rehearsal.ts';
import { HEALTHY, REHEARSAL, SPEC } from './sample-spec.ts';

/** With `kinds` only plans of these kinds. */
export function randomRehearsal(seed: number, kinds?: readonly Strategy['kind'][]): Rehearsal {
  const choice = createChoice(createRandom(seed));
  const { below, one } = choice;
  const strategy = (): Strategy => randomStrategy(choice, kinds);
  const events = Array.from({ length: 3 + below(15) }, (): RehearsalEvent => ({
    at: below(200) * 500,
    action: randomAction(choice, strategy),
  }));
  const routing = one(['exact', 'exact', 'exact', 'replicas'] as const);
  const spec = { ...randomSpec(choice, strategy()), routing };
  return {
    name: `random ${seed}`,
    seed,
    routing,
    traffic: one([0, 50, 100]),
    start: one(['v1', 'v1', 'v1', null]),
    spec,
    config: {},
    secrets: {},
    platforms: one([[], [], ['linux/amd64', 'linux/arm64']]),
    users: { ...REHEARSAL.users, count: 50, match: one([0, 0.1]), safe: one([0.5, 1]) },
    releases: { v1: randomRelease(choice), v2: randomRelease(choice), v3: randomRelease(choice) },
    events: events.sort((first, second) => first.at - second.at),
    until: 130_000,
    expect: [],
  };
}

const NAMES = ['v1', 'v2', 'v3'];
const VERBS = ['promote', 'promote', 'promoteFully', 'abort', 'retry', 'pause', 'resume', 'crash'] as const;
const PEOPLE = ['ana', 'ben', 'cleo'];

function randomSpec(choice: Choice, strategy: Strategy): EnvironmentSpec {
  const { below, one } = choice;
  return {
    ...SPEC,
    replicas: 1 + below(6),
    strategy,
    keep: below(4),
    guard: one([0, 0, 0, 20_000, 60_000]),
    affinity: one([{ kind: 'none' }, { kind: 'none' }, { kind: 'cookie', name: 'slipway' }]),
    approval: one([
      SPEC.approval,
      SPEC.approval,
      SPEC.approval,
      SPEC.approval,
      { count: 1, by: [], expires: null },
      { count: 2, by: ['ana', 'leads'], expires: 30_000 },
    ]),
    gates: randomGates(choice),
  };
}

/** Half of them do well, so that rollouts get somewhere. */
function randomRelease(choice: Choice): SimulatedRelease {
  const { one } = choice;
  const startsIn = one([0, 500, 2000]);
  return one([{ ...HEALTHY, errors: one([0, 0.001]), startsIn, gateTakes: one([null, 3000]) }, troubled(choice)]);
}

function troubled({ one }: Choice): SimulatedRelease {
  const end = (): GateEnd => one(['pass', 'pass', 'pass', 'fail', 'error']);
  return {
    ...HEALTHY,
    errors: one([0, 0, 0.001, 0.05, 0.3]),
    traps: one([0, 0, 0.02]),
    timeouts: one([0, 0, 0, 0.01]),
    latency: one([HEALTHY.latency, HEALTHY.latency, { p50: 100, p99: 900 }]),
    startsIn: one([0, 500, 2000, 2000, 7000, 'never']),
    maxReady: one([null, null, null, 1, 3]),
    crashes: one([false, false, false, false, false, true]),
    gates: { smoke: end(), load: end(), e2e: end() },
    gateTakes: one([null, 0, 3000, 15_000]),
    loadable: one([true, true, true, true, false]),
  };
}

function randomAction(choice: Choice, strategy: () => Strategy): RehearsalAction {
  const { below, one } = choice;
  switch (below(18)) {
    case 0:
    case 1:
    case 2:
      return { kind: 'deploy', release: one(NAMES) };
    case 3:
      return { kind: 'rollback', to: one([null, one(NAMES)]) };
    case 4:
      return { kind: 'scale', replicas: 1 + below(8) };
    case 5:
      return {
        kind: 'metrics',
        state: one(['down', 'up', 'up', 'empty', 'nan', 'reset', 'partial', 'late', 'flaky']),
      };
    case 6:
      return { kind: 'router', delay: one([0, 1500, 8000]) };
    case 7:
      return { kind: 'set', release: one(NAMES), change: randomRelease(choice) };
    case 8:
      return { kind: 'traffic', rate: one([0, 20, 200]) };
    case 9:
      return { kind: 'strategy', strategy: strategy() };
    case 10:
      return { kind: 'config', config: { LEVEL: one(['1', '2']) } };
    case 11:
      return { kind: 'crash' };
    case 12:
    case 13:
      return { kind: 'approve', by: one(PEOPLE), groups: one([[], ['leads']]) };
    case 14:
      return one([
        { kind: 'reject', by: one(PEOPLE), groups: [] },
        { kind: 'secrets', secrets: { TOKEN: one(['1', '2']) } },
      ]);
    default:
      return { kind: one(below(12) === 0 ? ['remove'] : VERBS) };
  }
}
