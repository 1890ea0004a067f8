/** The port to a place where releases run. Implemented by `platforms/` and by the simulated platform of a rehearsal. */

import type { Effect } from './effect.ts';
import type { EnvironmentSpec } from './environment-spec.ts';
import type { Observation } from './observation.ts';
import type { Release } from './release.ts';

/** What a platform needs to know of an environment to run its releases. */
export interface EnvironmentContext {
  /** `service/environment`. */
  readonly key: string;
  readonly spec: EnvironmentSpec;
  /** Every release that an effect may name. */
  readonly releases: Readonly<Record<number, Release>>;
}

/**
 * One platform serves many environments; calls for one environment come one at a time, for different ones at once. A call
 * that takes too long, or whose signal aborts, is not waited for any longer, and the next one may come: what it was about
 * to do must not be done after what a later call does.
 */
export interface Platform {
  /** A look at the world. Never throws for a world that is bad, only for one that can't be seen. */
  observe(context: EnvironmentContext, signal?: AbortSignal): Promise<Observation>;
  /**
   * Makes the world want what the effect says and returns when that is recorded and, for a route, in force: not when
   * replicas are ready. Idempotent: the controller repeats an effect whose outcome it does not know.
   */
  apply(context: EnvironmentContext, effect: Effect, signal?: AbortSignal): Promise<void>;
  /**
   * Why this release could not be started here now (`its module is not in the home any more`), or `null` when nothing
   * speaks against it. Starts nothing and changes nothing.
   */
  check(context: EnvironmentContext, release: Release, signal?: AbortSignal): Promise<string | null>;
  /** Calls `onChange` soon after something observable changed (a replica got ready or ended). Returns the end of it. */
  watch(key: string, onChange: () => void): () => void;
}
