/** The keys that an environment and a rehearsal share, as the engine takes them. */

import type { EnvironmentSpec } from '../delivery/index.ts';
import type { WrittenEnvironment } from './environment-schema.ts';

type Shared = Omit<EnvironmentSpec, 'engine' | 'endToEnd' | 'routing' | 'kubernetes'>;

export function deliverySpec(written: Pick<WrittenEnvironment, keyof Shared>): Shared {
  const { replicas, strategy, affinity, guard, keep, limits, approval, gates } = written;
  return {
    replicas,
    strategy,
    affinity,
    guard,
    keep,
    limits,
    approval,
    gates: { ...gates, load: gates.load ?? null },
  };
}
