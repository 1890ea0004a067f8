/**
 * The analysis of Argo Rollouts, as it is usually written (facts/rollouts.md sections 2 and 9.6): an error rate per
 * interval that must not be above a threshold, so many times, more than `failureLimit` failures abort.
 */

import { formatDuration, formatShare } from '../../kernel/quantity.ts';
import type { Decided, Policy } from './policy.ts';
import { countedBetween, exposedFrom, type Recording } from './recording.ts';

export interface ArgoSettings {
  readonly interval: number;
  /** How many measurements. */
  readonly count: number;
  /** Highest error rate of a successful measurement. */
  readonly threshold: number;
  /** The analysis fails with one failure more than this (trap T8). */
  readonly failureLimit: number;
}

export const ARGO: ArgoSettings = { interval: 60_000, count: 10, threshold: 0.01, failureLimit: 0 };

/** A measurement without a value is retried after this long … */
const RETRY_AFTER = 10_000;
/** … and this many in a row end the analysis: `consecutiveErrorLimit` 4 is exceeded with the fifth. */
const ERRORS_THAT_ABORT = 5;

export function argoPolicy(settings: ArgoSettings): Policy {
  const { interval, threshold, failureLimit } = settings;
  return {
    name: `argo-rollouts, errors ≤ ${formatShare(threshold)} each ${formatDuration(interval)}, failureLimit ${failureLimit}`,
    decide: (recording) => measure(recording, settings),
  };
}

function measure(recording: Recording, { interval, count, threshold, failureLimit }: ArgoSettings): Decided {
  const start = exposedFrom(recording);
  const end = recording.looks.at(-1)?.at ?? 0;
  let [measured, failed, errors] = [0, 0, 0];
  for (let at = (start ?? end) + interval; at <= end; at += errors === 0 ? interval : RETRY_AFTER) {
    const { requests, bad } = countedBetween(recording, at - interval, at).candidate;
    errors = requests === 0 ? errors + 1 : 0;
    if (errors === ERRORS_THAT_ABORT)
      return { kind: 'abort', at, because: `${errors} measurements in a row had no data` };
    if (requests === 0) continue;
    measured += 1;
    if (bad > threshold * requests) failed += 1;
    if (failed > failureLimit) {
      const because = `${failed} of ${measured} measurements are above the threshold, the last with ${bad} bad of ${requests}`;
      return { kind: 'abort', at, because };
    }
    if (measured === count) {
      return { kind: 'promote', at, because: `${failed} of ${count} measurements are above the threshold` };
    }
  }
  return { kind: 'undecided', because: `${measured} of ${count} measurements, ${failed} above the threshold` };
}
