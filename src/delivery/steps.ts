/** A canary plan as the list of steps that the engine walks. */

import type { CanaryPlan } from './environment-spec.ts';

export type PlannedStep = WeightStep | PauseStep;

export interface WeightStep {
  readonly kind: 'weight';
  readonly weight: number;
  /** How long the weight must have been in force before the plan goes on, in milliseconds. */
  readonly atLeast: number;
  /** Whether the judge must have said `pass` before the plan goes on. */
  readonly pass: boolean;
}

export interface PauseStep {
  readonly kind: 'pause';
  /** Milliseconds, or until a person promotes. */
  readonly duration: number | 'manual';
}

/** How long each weight of the built-in plan, and a first deployment that is not proven yet, stays at least. */
export const BUILT_IN_DWELL = 30_000;

const BUILT_IN: readonly PlannedStep[] = [
  { kind: 'weight', weight: 0.05, atLeast: BUILT_IN_DWELL, pass: false },
  { kind: 'weight', weight: 0.25, atLeast: BUILT_IN_DWELL, pass: false },
  { kind: 'weight', weight: 0.5, atLeast: BUILT_IN_DWELL, pass: true },
  { kind: 'weight', weight: 1, atLeast: 0, pass: false },
];

/**
 * The steps of a plan; written steps that do not end at 100 % get that step. The kinds `replicas`, `judge` and `mirror`
 * are refused by the project file in this version (`config/not-yet`), so a plan that holds one is a bug.
 */
export function plannedSteps(plan: CanaryPlan): readonly PlannedStep[] {
  if (plan.steps === null) return BUILT_IN;
  const steps: PlannedStep[] = plan.steps.map((step) => {
    switch (step.kind) {
      case 'weight':
        return { kind: 'weight', weight: step.weight, atLeast: 0, pass: false };
      case 'pause':
        return { kind: 'pause', duration: step.duration };
      case 'replicas':
      case 'judge':
      case 'mirror':
        throw new Error(`a plan with a ${step.kind} step reached the engine`);
    }
  });
  const last = steps.at(-1);
  // A plan that ends in a pause gets the step too: replicas may have been lost meanwhile, and nothing is promoted that
  // can't carry all requests.
  if (last?.kind === 'weight' && last.weight === 1) return steps;
  return [...steps, { kind: 'weight', weight: 1, atLeast: 0, pass: false }];
}

/** The weight that is in force during the step with this index: that of the last weight step up to it, else 0. */
export function weightAt(steps: readonly PlannedStep[], index: number): number {
  const last = steps.slice(0, index + 1).findLast((step) => step.kind === 'weight');
  return last?.kind === 'weight' ? last.weight : 0;
}

/** How many replicas a weight needs: ⌈weight × replicas⌉, at least one for any weight above 0. */
export function replicasFor(weight: number, replicas: number): number {
  // 0.07 × 100 is 7.000000000000001 in binary; a share is a decimal number of at most a few digits.
  return Math.ceil(Number((weight * replicas).toFixed(9)));
}
