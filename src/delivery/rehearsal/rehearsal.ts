/**
 * A rehearsal file, parsed: what would this rollout do, if … (the contract is `project-file.md`). Times are
 * milliseconds after the start, shares fractions of one, rates per second.
 */

import type { Outcome, PauseReason, Phase } from '../engine-state.ts';
import type { EnvironmentSpec, Strategy } from '../environment-spec.ts';
import type { GateName } from '../gate.ts';

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
  /** Name of a secret → the version that a deployment takes. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Image platforms of the machines that replicas are spread over, in turn; none: there is only one kind. */
  readonly platforms: readonly string[];
  /** Who sends the requests; only affinity, `match` and mirrors ask. */
  readonly users: SimulatedUsersSettings;
  readonly releases: Readonly<Record<string, SimulatedRelease>>;
  readonly events: readonly RehearsalEvent[];
  readonly until: number;
  readonly expect: readonly Expectation[];
}

export interface SimulatedUsersSettings {
  /** How many of them there are; each request comes from any of them. */
  readonly count: number;
  /** Share of the requests that carry no key, so that affinity can't hold them. */
  readonly keyless: number;
  /** Share of the requests that carry the headers of a canary's `match`. */
  readonly match: number;
  /** Share of the requests with a safe method, of which a mirror may send copies. */
  readonly safe: number;
}

/** Probabilities that a request goes wrong; together they are what is bad. */
export interface Faults {
  /** … that it is answered with an error. */
  readonly errors: number;
  /** … that it traps. */
  readonly traps: number;
  /** … that it is not answered within the limit of the environment. */
  readonly timeouts: number;
}

export interface SimulatedRelease extends Faults {
  /** What is otherwise on one image platform. */
  readonly platforms: Readonly<Record<string, Partial<Faults>>>;
  readonly latency: { readonly p50: number; readonly p99: number };
  /** Milliseconds until a replica is ready; `never`. */
  readonly startsIn: number | 'never';
  /** At most so many replicas ever get ready. */
  readonly maxReady: number | null;
  /** Its replicas end as soon as they start, and the platform says so. */
  readonly crashes: boolean;
  /** How each gate ends. */
  readonly gates: Readonly<Record<GateName, GateEnd>>;
  /** How long each gate runs, in milliseconds; `null`: the load gate as long as it sends, the others no time. */
  readonly gateTakes: number | null;
  /** Whether the platform can still load its module, and whether the versions of its secrets are still there. */
  readonly loadable: boolean;
  readonly secrets: 'there' | 'gone';
}

/** What of a release changes; of the gates those that are named. */
export type ReleaseChange = Partial<Omit<SimulatedRelease, 'gates'>> & {
  readonly gates?: Partial<SimulatedRelease['gates']>;
};

export type GateEnd = 'pass' | 'fail' | 'error';

/** What becomes of the counters: nobody gets them (`down`, `flaky`: every other second), they are old, or partly there. */
export type Metrics = 'down' | 'up' | 'empty' | 'nan' | 'partial' | 'late' | 'flaky';

export interface RehearsalEvent {
  readonly at: number;
  readonly action: RehearsalAction;
}

export type RehearsalAction =
  | { readonly kind: 'deploy'; readonly release: string }
  | { readonly kind: 'approve' | 'reject'; readonly by: string; readonly groups: readonly string[] }
  | { readonly kind: 'promote' | 'promoteFully' | 'abort' | 'retry' | 'pause' | 'resume' | 'remove' | 'crash' }
  | { readonly kind: 'rollback'; readonly to: string | null }
  | { readonly kind: 'scale'; readonly replicas: number }
  | { readonly kind: 'strategy'; readonly strategy: Strategy }
  | { readonly kind: 'metrics'; readonly state: Metrics | 'reset' }
  | { readonly kind: 'router'; readonly delay: number }
  | { readonly kind: 'set'; readonly release: string; readonly change: ReleaseChange }
  | { readonly kind: 'traffic'; readonly rate: number }
  | { readonly kind: 'config'; readonly config: Readonly<Record<string, string>> }
  | { readonly kind: 'secrets'; readonly secrets: Readonly<Record<string, string>> };

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
  /** The release that waits for the end of the present rollout. */
  readonly queued?: string;
  /** How many people have approved the present rollout. */
  readonly approvals?: Range;
  /** Share of the requests that the candidate gets a copy of; 0 without a mirror. */
  readonly mirror?: Range;
  /** The release that requests with the headers of `match` get. */
  readonly match?: string;
  /** What the command that ends the present wait begins with. */
  readonly command?: string;
  /** Code of the last refusal so far. */
  readonly refused?: string;
  /** Requests of users that failed so far, and that nobody was there for. */
  readonly errors?: Range;
  readonly unserved?: Range;
  /** Release name → requests of users that it has answered so far. */
  readonly requests?: Readonly<Record<string, Range>>;
  /** How often any one key has changed its release within one rollout so far, at most. */
  readonly moves?: Range;
}
