/** What the engine asks of a platform. Each effect states a whole desired fact, so applying it twice is applying it once. */

import type { Affinity } from './environment-spec.ts';
import type { GateRun } from './gate.ts';

export type Effect = ScaleEffect | RouteEffect | GatesEffect;

/**
 * Run exactly so many replicas of this release; those that are not ready are ended first. 0 stops it: it is drained
 * first, then ended.
 */
export interface ScaleEffect {
  readonly kind: 'scale';
  readonly release: number;
  readonly replicas: number;
}

/** Send requests by exactly these shares; a release that is not named gets none. Takes effect at once or not at all. */
export interface RouteEffect {
  readonly kind: 'route';
  /** Release number → share; they sum to 1, or there is none (nothing is exposed). */
  readonly shares: Readonly<Record<number, number>>;
  /** Seeds sticky assignment, so that keys are dealt anew in each rollout; `null` outside one. */
  readonly rollout: string | null;
  readonly affinity: Affinity;
  /** Requests with all these headers go to `release` whatever the shares. */
  readonly match: { readonly headers: Readonly<Record<string, string>>; readonly release: number } | null;
  /** A copy of this share of the requests with safe methods also goes to `release`; nobody sees those answers. */
  readonly mirror: { readonly release: number; readonly share: number } | null;
}

/** Exactly these gate runs should be under way or over; any other is stopped and forgotten. */
export interface GatesEffect {
  readonly kind: 'gates';
  readonly runs: readonly GateRun[];
}
