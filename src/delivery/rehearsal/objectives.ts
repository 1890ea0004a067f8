/** The latencies that a rehearsal asks about: the simulated platform has a bucket edge at each. */

import { latencyObjectives } from '../latency-objectives.ts';
import type { Rehearsal } from './rehearsal.ts';

/** In milliseconds, in no order; of the strategy that it begins with and of all that its events bring. */
export function objectivesOf({ spec, events }: Rehearsal): readonly number[] {
  const later = events.flatMap(({ action }) => (action.kind === 'strategy' ? [action.strategy] : []));
  return [spec.strategy, ...later].flatMap((strategy) => latencyObjectives(strategy, spec.gates));
}
