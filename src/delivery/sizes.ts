/** How many replicas plans ask for: counts and shares of the environment's size, and what each step needs. */

import type { Count, RollingPlan } from './environment-spec.ts';
import type { Rollout } from './engine-state.ts';
import { plannedSteps, type PlannedStep, replicasFor, weightAt } from './steps.ts';

/** The bounds of a rolling plan for an environment of this size. */
export interface RollBounds {
  /** Replicas of all releases together that may be asked for. */
  readonly most: number;
  /** Replicas of all releases together that must be ready. */
  readonly least: number;
}

/**
 * As Kubernetes rounds them: a share of surge up, a share that may be unavailable down; when nothing is left of both, one
 * replica may be unavailable, for otherwise nothing could move (`ResolveFenceposts` of its deployment controller). Unlike
 * there the last ready replica always stays where there is room for another one.
 */
export function rollBounds({ maxSurge, maxUnavailable }: RollingPlan, replicas: number): RollBounds {
  const surge = countOf(maxSurge, replicas);
  const unavailable =
    'count' in maxUnavailable
      ? Math.min(maxUnavailable.count, replicas)
      : Math.floor(Number((maxUnavailable.share * replicas).toFixed(9)));
  const most = replicas + surge;
  const stuck = surge === 0 && unavailable === 0;
  return { most, least: Math.max(replicas - (stuck ? 1 : unavailable), most > 1 ? 1 : 0) };
}

/** So many replicas; a share is rounded up. */
function countOf(count: Count, replicas: number): number {
  return 'count' in count ? count.count : replicasFor(count.share, replicas);
}

/**
 * How many candidate replicas a rollout by steps asks for at its present step, in an environment of this size. A weight
 * never has fewer than it needs (invariant I2), whatever a `replicas` step has set.
 */
export function candidateReplicas(rollout: Rollout, replicas: number): number {
  const steps = plannedSteps(rollout);
  const { step, plan, kind } = rollout;
  const asked = [replicasFor(weightAt(steps, step), replicas), setReplicas(steps, step, replicas)];
  asked.push(replicasFor(mirrorAt(steps, step), replicas));
  if (kind === 'deploy' && plan.kind === 'canary' && plan.match !== null) asked.push(Math.min(1, replicas));
  return Math.max(...asked);
}

/** What the last `preview` or `replicas` step up to this one has set; 0 without one, and for `weight`. */
function setReplicas(steps: readonly PlannedStep[], index: number, replicas: number): number {
  const last = steps.slice(0, index + 1).findLast(({ kind }) => kind === 'replicas' || kind === 'preview');
  if (last?.kind === 'preview') return Math.min(last.replicas, replicas);
  return last?.kind === 'replicas' && last.replicas !== 'weight' ? countOf(last.replicas, replicas) : 0;
}

/** The share of the requests that is copied during the step with this index: a mirror lasts until the next weight. */
export function mirrorAt(steps: readonly PlannedStep[], index: number): number {
  const last = steps.slice(0, index + 1).findLast(({ kind }) => kind === 'weight' || kind === 'mirror');
  return last?.kind === 'mirror' ? last.share : 0;
}

/** Whether a plan takes replicas away from the stable release while its candidate is under way. */
export function isGradual({ plan }: Pick<Rollout, 'plan'>): boolean {
  return plan.kind === 'rolling' || (plan.kind === 'canary' && plan.stableScale === 'dynamic');
}
