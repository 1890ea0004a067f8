/**
 * The judge: an always-valid statistical comparison of candidate and stable (facts/rollouts.md section 9). Pure
 * functions over plain JSON; it knows no rollout, no clock and no platform.
 */

export { type ArmCounts, type Counts, NOTHING, type Sample } from './counts.ts';
export { addLook, continueEvidence, type Evidence, startEvidence, withError } from './evidence.ts';
export type { MetricReading, Reading, Test, Verdict } from './reading.ts';
export { judge } from './verdict.ts';
export { type ComparisonPlan, expectedDecision, type ExpectedDecision, expectedPass } from './expected-decision.ts';
export type { RatioInterval } from './interval.ts';
export { type CounterBaseline, type CounterReading, type CountingPlan, countersSince } from './counters.ts';
