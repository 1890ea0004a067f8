/** Every plan as one list of steps that the engine walks. */

import { formatDuration, formatShare } from '../kernel/quantity.ts';
import { DEFAULT_JUDGE } from './default-judge.ts';
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

const ROLL: RollStep = { kind: 'roll' };

/**
 * The steps of a rollout. Written steps keep their index: what the engine adds comes after them. Gates of the
 * environment come before users where the strategy has a preview, else at full weight at the end. A first deployment
 * has neither weights below 100 % nor pauses; a rollback moves everything and asks nobody.
 */
export function plannedSteps({
  plan,
  gates,
  kind,
  stable,
}: Pick<Rollout, 'plan' | 'gates' | 'kind' | 'stable'>): readonly PlannedStep[] {
  if (kind === 'rollback') return [plan.kind === 'rolling' ? ROLL : ALL];
  switch (plan.kind) {
    case 'canary':
      return [...(stable === null ? [ALL] : canarySteps(plan)), ...gatesSteps(gates)];
    case 'blueGreen': {
      const steps = blueGreenSteps(plan, gates);
      return stable === null ? steps.filter((step) => step.kind !== 'pause') : steps;
    }
    case 'rolling':
      return [ROLL, ...gatesSteps(gates)];
  }
}

/** A person has promoted it fully: judge and pauses that are left are skipped, gates are not. */
export function isPromotedFully({ kind, judged }: Pick<Rollout, 'kind' | 'judged'>): boolean {
  return kind === 'deploy' && !judged;
}

/** Where `promoteFully` goes on: at 100 %, but not past gates that have not passed, nor back. */
export function stepWhenPromotedFully(rollout: Rollout): number {
  const steps = plannedSteps(rollout);
  const full = steps.findLastIndex(({ kind }) => kind === 'weight' || kind === 'roll');
  const gates = steps.findIndex(({ kind }, index) => index >= rollout.step && kind === 'gates');
  return rollout.step > full || (gates !== -1 && gates < full) ? rollout.step : full;
}

/** The judge step that goes by evidence of its own, now or (what the gates send is counted from the start) later. */
export function judgedApart(rollout: Rollout): { readonly step: number; readonly judge: JudgeStep } | null {
  const steps = plannedSteps(rollout);
  const found = steps.findIndex((step, index) => {
    if (step.kind !== 'judge') return false;
    if (step.counts === 'gates') return index >= rollout.step;
    return index === rollout.step && !sameTest(step.judge, rollout.judge);
  });
  const judge = steps[found];
  return judge?.kind === 'judge' ? { step: found, judge } : null;
}

/** Whether evidence for the one serves the other, too: it belongs to these alone. */
function sameTest(one: JudgeSettings, other: JudgeSettings): boolean {
  const slo = one.slo.errors === other.slo.errors && one.slo.p99 === other.slo.p99;
  return slo && one.tolerate === other.tolerate && one.detect === other.detect;
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

/** `10%`, `gates: smoke, load`: what a step does, for people. */
export function stepInWords(step: PlannedStep): string {
  switch (step.kind) {
    case 'weight':
      return formatShare(step.weight);
    case 'pause':
      return `pause ${step.duration === 'manual' ? 'until a person promotes' : formatDuration(step.duration)}`;
    case 'replicas':
      return `replicas: ${step.replicas === 'weight' ? 'as the weight needs' : countInWords(step.replicas)}`;
    case 'judge':
      return 'judge';
    case 'mirror':
      return `mirror ${formatShare(step.share)}`;
    case 'gates':
      return `gates: ${step.orders.map(({ gate }) => gate).join(', ')}`;
    case 'preview':
      return `preview: ${step.replicas}`;
    case 'roll':
      return 'replace the replicas';
  }
}

function countInWords(count: Count): string {
  return 'count' in count ? String(count.count) : formatShare(count.share);
}

/** When a pause of the plan begins to count: with it, or when the preview was ready. */
export function pauseBegins(
  { stepAt, previewAt }: Pick<Rollout, 'stepAt' | 'previewAt'>,
  { since }: PauseStep,
): number {
  return since === 'preview' ? (previewAt ?? stepAt) : stepAt;
}

/** How long gates may take until the plan gives up: its deadline, and the time that a load needs by itself. */
export function gatesLimit({ deadline }: Strategy, { orders }: GatesStep): number {
  return orders.reduce((limit, order) => limit + (order.gate === 'load' ? order.load.for : 0), deadline);
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

/** How long stable stays at full size after a promotion; the replicas that a plan has taken away from it are gone. */
export function keepOf(plan: Strategy): number {
  return plan.kind === 'rolling' || (plan.kind === 'canary' && plan.stableScale === 'dynamic') ? 0 : plan.keep;
}
