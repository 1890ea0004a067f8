/**
 * One release against the SLO, without anything to compare it with (section 9.10). Both e-values depend on the totals
 * alone. An SLO of 0 or 1 can be neither proven nor broken: they are 1 then.
 */

import type { Sample } from './counts.ts';
import { WITHIN_SHARES, WITHIN_WEIGHTS, WORSE, WORSE_WEIGHTS } from './grids.ts';
import { logWeightedSum } from './log-sum-exp.ts';

/** ln E_slo: evidence that fewer than the share `slo` of the requests fail. */
export function logWithin(sample: Sample, slo: number): number {
  if (slo <= 0 || slo >= 1) return 0;
  const logs = WITHIN_SHARES.map((share) => logAgainst(sample, share * slo, slo));
  return logWeightedSum(logs, WITHIN_WEIGHTS);
}

/** For each alternative of its mirror (more than the share `slo` fail) the ln of the likelihood ratio; they add up. */
export function breachLogs(sample: Sample, slo: number): readonly number[] {
  if (slo <= 0 || slo >= 1) return WORSE.map(() => 0);
  return WORSE.map((factor) => logAgainst(sample, shareOf(factor, slo), slo));
}

/** ln E of the mirror: evidence that more than the share `slo` fail. */
export function logBreach(sample: Sample, slo: number): number {
  return logWeightedSum(breachLogs(sample, slo), WORSE_WEIGHTS);
}

/** Never quite 1: a single good request would silence that alternative for ever, by an infinity that JSON can't hold. */
function shareOf(factor: number, slo: number): number {
  return Math.min(factor * slo, 1 - (1 - slo) / 1000);
}

function logAgainst({ requests, bad }: Sample, probability: number, slo: number): number {
  const good = requests - bad;
  const ofBad = bad === 0 ? 0 : bad * Math.log(probability / slo);
  const ofGood = good === 0 ? 0 : good * Math.log((1 - probability) / (1 - slo));
  return ofBad + ofGood;
}
