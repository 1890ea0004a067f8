/** What a reading says, for people. */

import { formatShare } from '../../kernel/quantity.ts';
import type { Sample } from './absolute.ts';
import type { Reading, Test, Verdict } from './verdict.ts';

interface Limits {
  readonly slo: number;
  readonly detect: number;
}

export function sentenceOf(verdict: Verdict, reading: Omit<Reading, 'verdict' | 'sentence'>, limits: Limits): string {
  const { totals, against, abort, promote, slo, breach } = reading;
  const seen =
    against === 'stable'
      ? `${failed(totals.candidate)} on the candidate, ${failed(totals.stable, false)} on stable`
      : `${failed(totals.candidate)} on the candidate`;
  const share = formatShare(limits.slo, 2);
  switch (verdict.kind) {
    case 'fail':
      return against === 'stable'
        ? `${seen}: proven worse than stable (e = ${value(abort.e)} ≥ ${value(abort.bar)}; ${chance(abort)} were it no worse)`
        : `${seen}: proven above the ${share} that the SLO allows (e = ${value(abort.e)} ≥ ${value(abort.bar)})`;
    case 'pass':
      return slo.log >= Math.log(slo.bar)
        ? `${seen}: proven within the SLO of ${share} errors (e = ${value(slo.e)} ≥ ${value(slo.bar)})`
        : `${seen}: proven less than ${limits.detect} times as bad as stable (e = ${value(promote.e)} ≥ ${value(promote.bar)})`;
    case 'error':
      return `the counters can't be used: ${verdict.message}`;
    case 'inconclusive':
      if (verdict.reason === 'no-data') return 'no request has reached the candidate yet, so nothing is known of it';
      if (breach.candidate && breach.stable)
        return `${seen}: both break the SLO of ${share} errors, so a person decides`;
      return `${seen}: not decided yet (worse: e = ${value(abort.e)} of ${value(abort.bar)}; fine: e = ${value(Math.max(promote.e, slo.e))} of ${value(slo.bar)})`;
  }
}

function failed({ requests, bad }: Sample, inFull = true): string {
  return inFull ? `${bad} of ${requests} requests failed` : `${bad} of ${requests}`;
}

/** Ville's inequality: under the null hypothesis e ever reaches this value with at most the inverse probability. */
function chance({ e }: Test): string {
  return e > 1e6 ? 'less than one chance in a million' : `at most one chance in ${value(e)}`;
}

/** Three digits where they tell something. */
function value(e: number): string {
  if (e >= 1e6) return e.toExponential(1);
  return String(e >= 100 ? Math.floor(e) : Number(e.toPrecision(3)));
}
