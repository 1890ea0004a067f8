/**
 * The judge: an always-valid statistical comparison of candidate and stable (facts/rollouts.md section 9). Pure
 * functions over plain JSON; it knows no rollout, no clock and no platform.
 */

export { addLook, type Counts, type Evidence, startEvidence, withError } from './evidence.ts';
export { judge, type Reading, type Test, type Verdict } from './verdict.ts';
export type { RatioInterval } from './interval.ts';
export { type Arms, type CounterBaseline, type CounterReading, countersSince } from './counters.ts';
