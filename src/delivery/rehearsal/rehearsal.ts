/**
 * A rehearsal file, parsed: what would this rollout do, if … (the contract is `project-file.md`). Times are
 * milliseconds after the start, shares fractions of one, rates per second.
 */

import type { Outcome, PauseReason, Phase } from '../engine-state.ts';
import type { EnvironmentSpec, Strategy } from '../environment-spec.ts';

export interface Rehearsal {
  readonly name: string;
  readonly seed: number;
  readonly routing: 'exact' | 'replicas';
  /** Requests per second. */
  readonly traffic: number;
  /** Name of the release that is promoted and serving at the start; `null` for a first deployment. */
  readonly start: string | null;
  readonly spec: EnvironmentSpec;
  readonly config: Readonly<Record<string, string>>;
  readonly releases: Readonly<Record<string, SimulatedRelease>>;
  readonly events: readonly RehearsalEvent[];
  readonly until: number;
  readonly expect: readonly Expectation[];
}

export interface SimulatedRelease {
  /** Probability that a request is bad. */
  readonly errors: number;
  /** Probability that a request traps (part of what is bad, besides `errors`). */
  readonly traps: number;
  readonly latency: { readonly p50: number; readonly p99: number };
  /** Milliseconds until a replica is ready; `never`. */
  readonly startsIn: number | 'never';
  /** At most so many replicas ever get ready. */
  readonly maxReady: number | null;
}

export interface RehearsalEvent {
  readonly at: number;
  readonly action: RehearsalAction;
}

export type RehearsalAction =
  | { readonly kind: 'deploy'; readonly release: string }
  | { readonly kind: 'approve' | 'reject'; readonly by: string }
  | { readonly kind: 'promote' | 'promoteFully' | 'abort' | 'retry' | 'pause' | 'resume' | 'remove' | 'crash' }
  | { readonly kind: 'rollback'; readonly to: string | null }
  | { readonly kind: 'scale'; readonly replicas: number }
  | { readonly kind: 'strategy'; readonly strategy: Strategy }
  | { readonly kind: 'metrics'; readonly state: 'down' | 'up' | 'empty' | 'nan' | 'reset' }
  | { readonly kind: 'router'; readonly delay: number }
  | { readonly kind: 'set'; readonly release: string; readonly change: Partial<SimulatedRelease> }
  | { readonly kind: 'traffic'; readonly rate: number }
  | { readonly kind: 'config'; readonly config: Readonly<Record<string, string>> };

/** A number or an inclusive range. */
export type Range = { readonly from: number; readonly to: number };

export interface Expectation {
  /** `Infinity` stands for `end`. */
  readonly at: number;
  readonly phase?: Phase;
  readonly reason?: PauseReason;
  readonly stable?: string;
  readonly candidate?: string;
  readonly step?: Range;
  /** Release name → share. */
  readonly traffic?: Readonly<Record<string, Range>>;
  readonly ready?: Readonly<Record<string, Range>>;
  readonly outcome?: Outcome;
}
