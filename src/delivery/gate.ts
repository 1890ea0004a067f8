/**
 * Gates: what must hold before a release is let through. The engine says which runs it wants, the platform starts and
 * reports them; `gates/` knows how each is done.
 */

import type { EndToEndPlan, LoadPlan, SmokeProbe } from './environment-spec.ts';

export type GateName = 'smoke' | 'load' | 'e2e';

/** One run of one gate against one release. The same id is the same run: asking for it twice is asking once. */
export type GateRun = {
  /** `herald/local/3 smoke 1`: the rollout, the gate, and how often it was tried. */
  readonly id: string;
  readonly release: number;
  readonly order: GateOrder;
};

export type GateOrder =
  | { readonly gate: 'smoke'; readonly probes: readonly SmokeProbe[] }
  | { readonly gate: 'load'; readonly load: LoadPlan }
  | { readonly gate: 'e2e' };

/** `error`: it could not be done at all (no such program, no address), which says nothing about the release. */
export type GateStatus =
  | { readonly kind: 'running' }
  | { readonly kind: 'passed' | 'failed' | 'error'; readonly summary: string };

/** Does a gate. */
export interface Gate {
  /**
   * Resolves with its result; a release that fails is a result, never a throw. Ends soon, and leaves nothing behind,
   * when the signal aborts.
   */
  run(order: GateOrder, target: GateTarget, signal: AbortSignal): Promise<GateVerdict>;
}

export type GateVerdict = Exclude<GateStatus, { readonly kind: 'running' }>;

export interface GateTarget {
  /** Where this one release answers, whatever users get: `http://7.herald.staging.localhost:7878`. */
  readonly url: string;
  readonly endToEnd: EndToEndPlan | null;
}
