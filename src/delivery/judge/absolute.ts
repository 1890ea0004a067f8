/**
 * One release against the SLO, without anything to compare it with (section 9.10). Both e-values depend on the totals
 * alone. An SLO of 0 or 1 can be neither proven nor broken: they are 1 then.
 */

import { WITHIN_SHARES, WITHIN_WEIGHTS, WORSE, WORSE_WEIGHTS } from './grids.ts';
import { logWeightedSum } from './log-sum-exp.ts';

export interface Sample {
  readonly requests: number;
  readonly bad: number;
}

/** ln E_slo: evidence that fewer than the share `slo` of the requests fail. */
export function logWithin(sample: Sample, slo: number): number {
  if (slo <= 0 || slo >= 1) return 0;
  const logs = WITHIN_SHARES.map((share) => logAgainst(sample, share * slo, slo));
  return logWeightedSum(logs, WITHIN_WEIGHTS);
}

/** ln of its mirror: evidence that more than the share `slo` fail. */
export function logBreach(sample: Sample, slo: number): number {
  if (slo <= 0 || slo >= 1) return 0;
  const logs = WORSE.map((factor) => logAgainst(sample, Math.min(1, factor * slo), slo));
  return logWeightedSum(logs, WORSE_WEIGHTS);
}

function logAgainst({ requests, bad }: Sample, probability: number, slo: number): number {
  const good = requests - bad;
  const ofBad = bad === 0 ? 0 : bad * Math.log(probability / slo);
  const ofGood = good === 0 ? 0 : good * Math.log((1 - probability) / (1 - slo));
  return ofBad + ofGood;
}
