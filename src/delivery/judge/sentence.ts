/** What a reading says, for people. */

import { formatDuration, formatShare } from '../../kernel/quantity.ts';
import type { Sample } from './counts.ts';
import { bothBreach, passes, passLog, proven } from './proofs.ts';
import type { MetricReading, Reading, SlowReading, Test, Verdict } from './reading.ts';
import { culprit } from './replica-totals.ts';

type Parts = Omit<Reading, 'verdict' | 'sentence'>;

interface Terms {
  readonly hasStable: boolean;
  readonly detect: number;
}

export function sentenceOf(verdict: Verdict, parts: Parts, terms: Terms): string {
  const metrics = parts.slow === null ? [parts.errors] : [parts.errors, parts.slow];
  switch (verdict.kind) {
    case 'fail':
      return metrics
        .filter(({ abort }) => proven(abort))
        .map((metric) => provenBad(metric, parts, terms))
        .join('; ');
    case 'pass':
      return metrics.map((metric) => provenFine(metric, terms)).join('; ');
    case 'error':
      return `the counters can't be used: ${verdict.message}`;
    case 'inconclusive':
      return open(verdict.reason, metrics, { parts, terms });
  }
}

function open(
  reason: Extract<Verdict, { kind: 'inconclusive' }>['reason'],
  metrics: readonly MetricReading[],
  { parts, terms }: { readonly parts: Parts; readonly terms: Terms },
): string {
  if (reason === 'no-data') return 'no request has reached the candidate yet, so nothing is known of it';
  if (reason === 'sample-ratio') {
    return `keys are not dealt by the weights (e = ${value(parts.sampleRatio.e)} ≥ ${value(parts.sampleRatio.bar)}), so candidate and stable have different users and can't be compared`;
  }
  const both = metrics.find(bothBreach);
  if (both !== undefined) return `${seen(both, terms)}: both break the SLO of ${allowed(both)}, so a person decides`;
  const open = metrics.filter((metric) => !passes(metric));
  const furthest = open.reduce((one, other) => (passLog(other) < passLog(one) ? other : one));
  const { abort, promote, slo } = furthest;
  return `${seen(furthest, terms)}: not decided yet (worse: e = ${value(abort.e)} of ${value(abort.bar)}; fine: e = ${value(Math.max(promote.e, slo.e))} of ${value(slo.bar)})`;
}

function provenBad(metric: MetricReading, { replicas, against }: Parts, terms: Terms): string {
  const { abort } = metric;
  const what = `${seen(metric, terms)}${onlyOn(metric)}`;
  if (against === 'slo') {
    return `${what}: proven above the ${formatShare(metric.limit, 2)} that the SLO allows (e = ${value(abort.e)} ≥ ${value(abort.bar)})`;
  }
  const worst = isSlow(metric) ? null : culprit(replicas);
  const where =
    worst === null
      ? ''
      : `; ${worst.bad} of these failed on replica ${worst.replica} alone, in ${worst.requests} requests`;
  const worse = isSlow(metric) ? 'slower' : 'worse';
  return `${what}: proven ${worse} than stable (e = ${value(abort.e)} ≥ ${value(abort.bar)}; ${chance(abort)} were it no ${worse})${where}`;
}

/** The image platform that alone speaks against the candidate, when the others do not. */
function onlyOn({ platforms }: MetricReading): string {
  const all = Object.entries(platforms ?? {}).toSorted(([, one], [, other]) => other - one);
  const [first, second] = all;
  return first === undefined || second === undefined || first[1] < 100 || second[1] > 1
    ? ''
    : `, above all on ${first[0]}`;
}

function provenFine(metric: MetricReading, terms: Terms): string {
  const { slo, promote } = metric;
  return proven(slo)
    ? `${seen(metric, terms)}: proven within the SLO of ${allowed(metric)} (e = ${value(slo.e)} ≥ ${value(slo.bar)})`
    : `${seen(metric, terms)}: proven less than ${terms.detect} times as ${isSlow(metric) ? 'often slow' : 'bad'} as stable (e = ${value(promote.e)} ≥ ${value(promote.bar)})`;
}

function seen(metric: MetricReading, { hasStable }: Terms): string {
  const { candidate, stable } = metric.totals;
  const what = isSlow(metric) ? `requests took longer than ${formatDuration(metric.edge)}` : 'requests failed';
  const first = `${of(candidate)} ${what} on the candidate`;
  return hasStable ? `${first}, ${of(stable)} on stable` : first;
}

function allowed(metric: MetricReading): string {
  const share = formatShare(metric.limit, 2);
  return isSlow(metric) ? `${share} slower than ${formatDuration(metric.edge)}` : `${share} errors`;
}

function isSlow(metric: MetricReading | SlowReading): metric is SlowReading {
  return 'edge' in metric;
}

function of({ requests, bad }: Sample): string {
  return `${bad} of ${requests}`;
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
