/** Every plan as one list of steps that the engine walks. */

import type { BlueGreenPlan, CanaryPlan, Count, GatesPlan, JudgeSettings, Strategy } from './environment-spec.ts';
import type { Rollout } from './engine-state.ts';
import type { GateOrder } from './gate.ts';

export type PlannedStep =
  | WeightStep
  | PauseStep
  | ReplicasStep
  | JudgeStep
  | MirrorStep
  | GatesStep
  | PreviewStep
  | RollStep;

/** Ends when its replicas are ready, the weight is in force, and what it asks for besides holds. */
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
  /**
   * Where its time begins: with the pause, or when the preview was ready. A timer that runs beside the gates is over
   * when both are (facts/rollouts.md, trap T18).
   */
  readonly since: 'pause' | 'preview';
}

/** Ends when so many candidate replicas are ready. Holds for the steps after it; `weight`: as many as the weight needs. */
export interface ReplicasStep {
  readonly kind: 'replicas';
  readonly replicas: Count | 'weight';
}

/** Ends with the judge's `pass`. */
export interface JudgeStep {
  readonly kind: 'judge';
  readonly judge: JudgeSettings;
  /** `gates`: what the load gate sent to the candidate alone counts, too. */
  readonly counts: 'users' | 'gates';
}

/** Ends when the replicas that the copies need are ready and the mirror is commanded; lasts until the next weight. */
export interface MirrorStep {
  readonly kind: 'mirror';
  readonly share: number;
}

/** Ends when all of them have passed. */
export interface GatesStep {
  readonly kind: 'gates';
  readonly orders: readonly GateOrder[];
}

/** Ends when so many candidate replicas are ready, without a request of a user. */
export interface PreviewStep {
  readonly kind: 'preview';
  readonly replicas: number;
}

/** Replaces the replicas a few at a time; ends when all are the candidate's, and so are all requests. */
export interface RollStep {
  readonly kind: 'roll';
}

/** How long each weight of the built-in plan, and a first deployment that is not proven yet, stays at least. */
export const BUILT_IN_DWELL = 30_000;

const ALL: WeightStep = { kind: 'weight', weight: 1, atLeast: 0, pass: false };

const BUILT_IN: readonly PlannedStep[] = [
  { kind: 'weight', weight: 0.05, atLeast: BUILT_IN_DWELL, pass: false },
  { kind: 'weight', weight: 0.25, atLeast: BUILT_IN_DWELL, pass: false },
  { kind: 'weight', weight: 0.5, atLeast: BUILT_IN_DWELL, pass: true },
  ALL,
];

/**
 * The steps of a rollout. Written steps keep their index: what the engine adds comes after them. Gates of the
 * environment come before users where the strategy has a preview, else at full weight at the end.
 */
export function plannedSteps({ plan, gates }: Pick<Rollout, 'plan' | 'gates'>): readonly PlannedStep[] {
  switch (plan.kind) {
    case 'canary':
      return [...canarySteps(plan), ...gatesSteps(gates)];
    case 'blueGreen':
      return blueGreenSteps(plan, gates);
    case 'rolling':
      return [{ kind: 'roll' }, ...gatesSteps(gates)];
  }
}

/** Written steps that do not end at 100 % get that step. */
function canarySteps(plan: CanaryPlan): readonly PlannedStep[] {
  if (plan.steps === null) return BUILT_IN;
  const steps: PlannedStep[] = plan.steps.map((step) => {
    switch (step.kind) {
      case 'weight':
        return { kind: 'weight', weight: step.weight, atLeast: 0, pass: false };
      case 'pause':
        return { kind: 'pause', duration: step.duration, since: 'pause' };
      case 'judge':
        return { kind: 'judge', judge: step.judge, counts: 'users' };
      case 'replicas':
      case 'mirror':
        return step;
    }
  });
  const last = steps.at(-1);
  // A plan that ends in a pause gets the step too: replicas may have been lost meanwhile, and nothing is promoted that
  // can't carry all requests.
  return last?.kind === 'weight' && last.weight === 1 ? steps : [...steps, ALL];
}

function blueGreenSteps({ previewReplicas, before, after, ...plan }: BlueGreenPlan, gates: GatesPlan): PlannedStep[] {
  const steps: PlannedStep[] = [{ kind: 'preview', replicas: previewReplicas }];
  steps.push(...gatesSteps(bothGates(gates, before)));
  if (before.judge !== null) steps.push({ kind: 'judge', judge: before.judge, counts: 'gates' });
  if (plan.switch === 'manual') steps.push({ kind: 'pause', duration: 'manual', since: 'pause' });
  else if (plan.switch !== 'auto') steps.push({ kind: 'pause', duration: plan.switch.after, since: 'preview' });
  steps.push(ALL);
  if (after.judge !== null) steps.push({ kind: 'judge', judge: after.judge, counts: 'users' });
  return steps;
}

/** The environment's gates and the plan's own: all probes, and the plan's load where it has one. */
function bothGates(gates: GatesPlan, before: GatesPlan): GatesPlan {
  return {
    smoke: [...gates.smoke, ...before.smoke],
    load: before.load ?? gates.load,
    e2e: before.e2e || gates.e2e,
  };
}

function gatesSteps({ smoke, load, e2e }: GatesPlan): readonly PlannedStep[] {
  const orders: GateOrder[] = [];
  if (smoke.length > 0) orders.push({ gate: 'smoke', probes: smoke });
  if (e2e) orders.push({ gate: 'e2e' });
  if (load !== null) orders.push({ gate: 'load', load });
  return orders.length === 0 ? [] : [{ kind: 'gates', orders }];
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

/** How a plan is judged: its own settings, or the defaults of facts/rollouts.md section 9.10 where it has none. */
export function judgeOf(plan: Strategy): JudgeSettings {
  if (plan.kind === 'canary') return plan.judge;
  return (plan.kind === 'blueGreen' ? plan.after.judge : null) ?? DEFAULT_JUDGE;
}

const DEFAULT_JUDGE: JudgeSettings = {
  tolerate: 1,
  detect: 2,
  falseAlarm: 0.01,
  miss: 0.05,
  within: 15 * 60_000,
  inconclusive: 'hold',
  slo: { errors: 0.01, p99: null },
  dry: false,
};

/** How long stable stays at full size after a promotion; the replicas that a rolling plan has replaced are gone. */
export function keepOf(plan: Strategy): number {
  return plan.kind === 'rolling' ? 0 : plan.keep;
}
