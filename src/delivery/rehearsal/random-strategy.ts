/** Strategies and gates that nobody wrote, of every kind and with every option. For property tests. */

import type { Count, GatesPlan, JudgeSettings, Step, Strategy } from '../environment-spec.ts';
import type { Choice } from './choice.ts';
import { PLAN } from './sample-spec.ts';

/** A canary, the strategy with the most options, is as likely as both others. */
const KINDS: readonly Strategy['kind'][] = ['canary', 'canary', 'blueGreen', 'rolling'];

export function randomStrategy(choice: Choice, kinds: readonly Strategy['kind'][] = KINDS): Strategy {
  const { one } = choice;
  const common = { deadline: one([5000, 20_000]), onDeadline: one(['abort', 'hold'] as const) };
  switch (one(kinds)) {
    case 'canary':
      return {
        ...PLAN,
        ...common,
        steps: randomSteps(choice),
        match: one([null, null, { headers: { canary: 'true' } }]),
        judge: randomJudge(choice),
        keep: one([0, 15_000, 60_000]),
        supersede: one(['restart', 'restart', 'queue', 'reject']),
        stableScale: one(['full', 'full', 'dynamic']),
        keepAborted: one([0, 0, 10_000]),
        rollbackWindow: one([0, 0, 2]),
      };
    case 'blueGreen':
      return {
        ...common,
        kind: 'blueGreen',
        previewReplicas: one([1, 2]),
        switch: one(['auto', 'manual', { after: 10_000 }]),
        before: { ...randomGates(choice), judge: one([null, null, randomJudge(choice)]) },
        after: { judge: one([null, randomJudge(choice)]) },
        keep: one([0, 15_000, 60_000]),
      };
    case 'rolling': {
      const maxSurge: Count = one([{ count: 1 }, { share: 0.25 }, { count: 2 }, { count: 0 }]);
      const some: Count = one([{ count: 1 }, { share: 0.5 }]);
      const none = 'count' in maxSurge && maxSurge.count === 0;
      return { ...common, kind: 'rolling', maxSurge, maxUnavailable: none ? some : one([{ count: 0 }, some]) };
    }
  }
}

export function randomGates({ one }: Choice): GatesPlan {
  const load = { path: '/', rate: 20, for: 5000, p99: null, errors: 0.01 };
  return {
    smoke: one([[], [], [{ method: 'get', path: '/', body: null, status: 200 }]]),
    load: one([null, null, null, load]),
    e2e: one([false, false, false, true]),
  };
}

function randomJudge({ one, below }: Choice): JudgeSettings {
  return {
    ...PLAN.judge,
    within: one([20_000, 100_000]),
    inconclusive: one(['hold', 'abort']),
    slo: { errors: 0.01, p99: one([null, null, 500]) },
    dry: below(8) === 0,
  };
}

function randomSteps(choice: Choice): readonly Step[] | null {
  const { below, one } = choice;
  if (below(3) === 0) return null;
  const weights = [0.01, 0.1, 0.25, 0.5, 0.75, 1].filter(() => below(2) === 0);
  const between = (): readonly Step[] => {
    switch (below(7)) {
      case 0:
        return [];
      case 1:
        return [{ kind: 'replicas', replicas: one(['weight', { count: 2 }, { share: 0.5 }]) }];
      case 2:
        return [{ kind: 'judge', judge: randomJudge(choice) }];
      case 3:
        return [{ kind: 'mirror', share: one([0.1, 0.5, 1]) }];
      default:
        return [{ kind: 'pause', duration: one([1000, 10_000, 40_000, 'manual']) }];
    }
  };
  const steps = weights.flatMap((weight): readonly Step[] => [{ kind: 'weight', weight }, ...between()]);
  return below(4) === 0 ? [...between(), ...steps] : steps;
}
