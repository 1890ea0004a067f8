/** The latencies that a plan asks about: a platform has a bucket edge at each, so that they are counted exactly. */

import type { GatesPlan, JudgeSettings, Strategy } from './environment-spec.ts';

/** In milliseconds, in no order. */
export function latencyObjectives(strategy: Strategy, gates: GatesPlan): readonly number[] {
  return [...limitsOf(strategy), ofGates(gates)].filter((limit) => limit !== null);
}

function limitsOf(strategy: Strategy): readonly (number | null)[] {
  switch (strategy.kind) {
    case 'rolling':
      return [];
    case 'blueGreen':
      return [ofJudge(strategy.before.judge), ofJudge(strategy.after.judge), ofGates(strategy.before)];
    case 'canary': {
      const steps = strategy.steps ?? [];
      return [ofJudge(strategy.judge), ...steps.map((step) => (step.kind === 'judge' ? ofJudge(step.judge) : null))];
    }
  }
}

function ofJudge(judge: JudgeSettings | null): number | null {
  return judge?.slo.p99 ?? null;
}

function ofGates({ load }: GatesPlan): number | null {
  return load?.p99 ?? null;
}
