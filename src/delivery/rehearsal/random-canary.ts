/**
 * Random rehearsals of canaries, kept as they were when seeds of it showed faults of the engine: a change here would make
 * other rehearsals of those seeds. What is new is in `random-rehearsal.ts`.
 */

import { createRandom } from '../../kernel/random.ts';
import type { CanaryPlan, Step } from '../environment-spec.ts';
import type { Rehearsal, RehearsalAction, RehearsalEvent, SimulatedRelease } from './rehearsal.ts';
import { HEALTHY, PLAN, REHEARSAL, SPEC } from './sample-spec.ts';

export function randomCanary(seed: number): Rehearsal {
  const random = createRandom(seed);
  const below = (count: number): number => Math.floor(random.next() * count);
  const one = <Value>(values: readonly [Value, ...Value[]]): Value => values[below(values.length)] ?? values[0];
  const name = (): string => one(['v1', 'v2', 'v3']);

  const release = (): SimulatedRelease => ({
    ...HEALTHY,
    errors: one([0, 0, 0.001, 0.05, 0.3]),
    traps: one([0, 0, 0.02]),
    startsIn: one([0, 500, 2000, 7000, 'never']),
    maxReady: one([null, null, 1, 3]),
  });
  const steps = (): readonly Step[] | null => {
    if (below(3) === 0) return null;
    const weights = [0.01, 0.1, 0.25, 0.5, 0.75, 1].filter(() => below(2) === 0);
    return weights.flatMap((weight): readonly Step[] => {
      const pause: Step = { kind: 'pause', duration: one([1000, 10_000, 40_000, 'manual']) };
      return below(3) === 0 ? [{ kind: 'weight', weight }] : [{ kind: 'weight', weight }, pause];
    });
  };
  const plan = (): CanaryPlan => ({
    ...PLAN,
    steps: steps(),
    judge: {
      ...PLAN.judge,
      within: one([20_000, 100_000]),
      inconclusive: one(['hold', 'abort']),
      dry: below(8) === 0,
    },
    keep: one([0, 15_000, 60_000]),
    deadline: one([5000, 20_000]),
    onDeadline: one(['abort', 'hold']),
  });
  const action = (): RehearsalAction => {
    switch (below(14)) {
      case 0:
      case 1:
      case 2:
        return { kind: 'deploy', release: name() };
      case 3:
        return { kind: 'rollback', to: one([null, name()]) };
      case 4:
        return { kind: 'scale', replicas: 1 + below(8) };
      case 5:
        return { kind: 'metrics', state: one(['down', 'up', 'empty', 'nan', 'reset']) };
      case 6:
        return { kind: 'router', delay: one([0, 1500, 8000]) };
      case 7:
        return { kind: 'set', release: name(), change: release() };
      case 8:
        return { kind: 'traffic', rate: one([0, 20, 200]) };
      case 9:
        return { kind: 'strategy', strategy: plan() };
      case 10:
        return { kind: 'config', config: { LEVEL: one(['1', '2']) } };
      case 11:
        return { kind: 'crash' };
      default:
        return { kind: one(['promote', 'promoteFully', 'abort', 'retry', 'pause', 'resume', 'crash', 'remove']) };
    }
  };
  const events = Array.from({ length: 3 + below(15) }, (): RehearsalEvent => ({
    at: below(200) * 500,
    action: action(),
  }));
  return {
    name: `random ${seed}`,
    seed,
    routing: 'exact',
    traffic: one([0, 50, 100]),
    start: one(['v1', null]),
    spec: { ...SPEC, replicas: 1 + below(6), strategy: plan(), keep: below(4) },
    config: {},
    secrets: {},
    platforms: [],
    users: REHEARSAL.users,
    releases: { v1: release(), v2: release(), v3: release() },
    events: events.sort((first, second) => first.at - second.at),
    until: 130_000,
    expect: [],
  };
}
