/** A simulated platform whose time a test moves; release 1 serves at the start, release 2 is there to be deployed. */

import type { Effect, GateRun, Release, RouteEffect } from '../../src/delivery/index.ts';
import type { Shares } from '../../src/delivery/engine-state.ts';
import type { EnvironmentContext } from '../../src/delivery/platform.ts';
import type { Rehearsal } from '../../src/delivery/rehearsal/rehearsal.ts';
import { REHEARSAL, SPEC } from '../../src/delivery/rehearsal/sample-spec.ts';
import { createSimulatedPlatform, type SimulatedPlatform } from '../../src/delivery/rehearsal/simulated-platform.ts';

export function release(number: number): Release {
  const content = {
    service: 's',
    environment: 'e',
    image: `sha256:${number}` as const,
    config: {},
    secrets: {},
    grants: [],
  };
  return { number, digest: `sha256:${number}`, content, revision: null };
}

export const CONTEXT: EnvironmentContext = { key: 's/e', spec: SPEC, releases: { 1: release(1), 2: release(2) } };

export interface Rig {
  readonly platform: SimulatedPlatform;
  route(shares: Shares, more?: Partial<RouteEffect>): Promise<void>;
  scale(release: number, replicas: number): Promise<void>;
  gates(runs: readonly GateRun[]): Promise<void>;
  /** Moves time by changes of the world and full seconds, as a rehearsal does. */
  goTo(time: number): void;
}

export function createRig(change: Partial<Rehearsal> = {}): Rig {
  const platform = createSimulatedPlatform({
    rehearsal: { ...REHEARSAL, ...change },
    nameOf: ({ number }) => `v${number}`,
    serving: release(1),
  });
  let now = 0;
  const apply = (effect: Effect): Promise<void> => platform.apply(CONTEXT, effect);
  return {
    platform,
    route: (shares, more = {}) =>
      apply({
        kind: 'route',
        shares,
        rollout: null,
        affinity: CONTEXT.spec.affinity,
        match: null,
        mirror: null,
        ...more,
      }),
    scale: (number, replicas) => apply({ kind: 'scale', release: number, replicas }),
    gates: (runs) => apply({ kind: 'gates', runs }),
    goTo(time) {
      while (now < time) {
        const change = platform.nextChange();
        now = Math.min(time, now + 1000, change > now ? change : Infinity);
        platform.advance(now);
      }
    },
  };
}

export function ready(platform: SimulatedPlatform, number: number): number {
  return platform.truth().releases[number]?.ready ?? 0;
}

/** What was counted at one release, by the source of the requests. */
export function requestsAt(platform: SimulatedPlatform, number: number): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const { release: of, source, requests } of platform.truth().counters ?? []) {
    if (of === number) sums[source] = (sums[source] ?? 0) + requests;
  }
  return sums;
}
