/** The latencies that a rehearsal asks about: the simulated platform has a bucket edge at each. */

import type { GatesPlan, JudgeSettings, Strategy } from '../environment-spec.ts';
import type { Rehearsal } from './rehearsal.ts';

/** In milliseconds, in no order; of the strategy that it begins with and of all that its events bring. */
export function objectivesOf({ spec, events }: Rehearsal): readonly number[] {
  const later = events.flatMap(({ action }) => (action.kind === 'strategy' ? [action.strategy] : []));
  const strategies = [spec.strategy, ...later];
  const limits = [...strategies.flatMap(limitsOf), ofGates(spec.gates)];
  return limits.filter((limit) => limit !== null);
}

function limitsOf(strategy: Strategy): readonly (number | null)[] {
  const ofJudge = (judge: JudgeSettings | null): number | null => judge?.slo.p99 ?? null;
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

function ofGates({ load }: GatesPlan): number | null {
  return load?.p99 ?? null;
}
