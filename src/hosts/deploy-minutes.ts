/** How long a CI job may wait for a rollout before the host ends it. */

import type { ProjectEnvironment } from '../project/index.ts';

type Spec = ProjectEnvironment['spec'];

/** GitHub ends every job after six hours. */
const LONGEST = 360;
const SHORTEST = 30;
const MINUTE = 60_000;

/**
 * Minutes: the waits of the strategy that have an end, twice the deadline for what it waits for in the world, and half an
 * hour for the rest. Where a person must decide the job does not wait at all.
 */
export function deployMinutes({ strategy, gates }: Pick<Spec, 'strategy' | 'gates'>): number {
  const waits = waitOf(strategy) + (gates.load?.for ?? 0) + 2 * strategy.deadline;
  return Math.min(LONGEST, SHORTEST + Math.ceil(waits / MINUTE));
}

function waitOf(strategy: Spec['strategy']): number {
  switch (strategy.kind) {
    case 'rolling':
      return 0;
    case 'blueGreen': {
      const timer = typeof strategy.switch === 'string' ? 0 : strategy.switch.after;
      return timer + (strategy.before.judge?.within ?? 0) + (strategy.before.load?.for ?? 0);
    }
    case 'canary':
      return strategy.steps === null ? strategy.judge.within : stepsOf(strategy.steps);
  }
}

function stepsOf(steps: Extract<Spec['strategy'], { kind: 'canary' }>['steps'] & {}): number {
  const waits = steps.map((step) => {
    if (step.kind === 'pause') return step.duration === 'manual' ? 0 : step.duration;
    return step.kind === 'judge' ? step.judge.within : 0;
  });
  return waits.reduce((sum, wait) => sum + wait, 0);
}
