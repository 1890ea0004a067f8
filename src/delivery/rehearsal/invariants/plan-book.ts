/** Which plan each rollout goes by, for invariants that outlive it. */

import type { Strategy } from '../../environment-spec.ts';
import type { Instant } from './instant.ts';

export interface PlanBook {
  /** Reads one instant after the other. Returns the plan of a rollout; one that was never seen has the environment's. */
  read(instant: Instant): (rollout: string) => Strategy;
}

export function createPlanBook(): PlanBook {
  const plans = new Map<string, Strategy>();
  return {
    read({ state }) {
      if (state.rollout !== null) plans.set(state.rollout.id, state.rollout.plan);
      return (rollout) => plans.get(rollout) ?? state.spec.strategy;
    },
  };
}
