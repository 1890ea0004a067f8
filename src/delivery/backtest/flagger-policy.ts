/**
 * The analysis of Flagger (facts/rollouts.md section 3): each interval the success rate is checked; a check that fails,
 * and one without data, is counted over the whole run, and the tick after the threshold was reached rolls back.
 */

import { formatDuration, formatShare } from '../../kernel/quantity.ts';
import type { Decided, Policy } from './policy.ts';
import { countedBetween, intervalEnds } from './recording.ts';

export interface FlaggerSettings {
  readonly interval: number;
  /** Failed checks that roll back. */
  readonly threshold: number;
  /** Highest share of bad requests of a check that passes. */
  readonly errors: number;
  /** Checks that must pass until it is promoted: maxWeight / stepWeight. */
  readonly steps: number;
}

export const FLAGGER: FlaggerSettings = { interval: 60_000, threshold: 5, errors: 0.01, steps: 10 };

export function flaggerPolicy({ interval, threshold, errors, steps }: FlaggerSettings): Policy {
  return {
    name: `flagger, success ≥ ${formatShare(1 - errors)} each ${formatDuration(interval)}, threshold ${threshold}`,
    decide(recording): Decided {
      let [passed, failed] = [0, 0];
      for (const at of intervalEnds(recording, interval)) {
        if (failed >= threshold) {
          return { kind: 'abort', at, because: `${failed} failed checks were known one interval before` };
        }
        const { requests, bad } = countedBetween(recording, at - interval, at).candidate;
        const fine = requests > 0 && bad <= errors * requests;
        if (fine) passed += 1;
        else failed += 1;
        if (passed === steps) {
          return { kind: 'promote', at, because: `${passed} checks passed, ${failed} failed` };
        }
      }
      return { kind: 'undecided', because: `${passed} of ${steps} checks passed, ${failed} failed` };
    },
  };
}
