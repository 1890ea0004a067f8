/**
 * Rehearsals: what would this rollout do, if … The real engine on a simulated platform and a virtual clock, with the
 * invariants of facts/rollouts.md section 10.2 checked at every instant. It reads no file: `project/` parses them.
 */

export type { Expectation, Range, Rehearsal, RehearsalAction, RehearsalEvent, SimulatedRelease } from './rehearsal.ts';
export type { InvariantName, Violation } from './invariants/index.ts';
export { type CrashesResult, rehearseCrashes } from './rehearse-crashes.ts';
export type {
  DecisionEvidence,
  DecisionRow,
  Failure,
  RehearsalResult,
  RehearsedRollout,
  TimelineRow,
} from './rehearsal-result.ts';
export { type Distribution, rehearseSeeds, type SeedsResult } from './rehearse-seeds.ts';
export { runRehearsal, type RunOptions } from './run-rehearsal.ts';
