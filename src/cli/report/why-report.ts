/** In plain words: what happened in one rollout, in order, why it ended as it did, and what that rests on. */

import { type Crossing, crossingsOf, type RolloutRecord } from '../../delivery/index.ts';
import { formatDuration, formatShare } from '../../kernel/quantity.ts';
import { harmless, table, type Terminal } from '../terminal.ts';
import { formatEvidence } from './evidence-bar.ts';

export function whyReport(record: RolloutRecord, terminal: Terminal): string {
  const { started, startedAt, moments, ended } = record;
  const over = started.stable === null ? ', the first release' : ` over #${started.stable}`;
  const rows = moments.map(({ at, what, because }) => [
    `  +${formatDuration(Math.max(0, at - startedAt))}`,
    harmless(what),
    harmless(because),
  ]);
  return [
    terminal.style('bold', `${started.rollout}: ${started.kind} of #${started.candidate}${over}`),
    `  image ${started.image}${started.commit === null ? '' : ` of commit ${started.commit.slice(0, 12)}`}`,
    table(rows),
    ...ownLines(record, terminal),
    ...receiptLines(record, terminal),
    ...endLines(ended),
  ].join('\n');
}

function endLines(ended: RolloutRecord['ended']): readonly string[] {
  if (ended === null) return ['  still under way'];
  const { duration, held, outcome, because } = ended;
  const people = held > 0 ? `, ${formatDuration(held)} of it waiting for people` : '';
  return [`  took ${formatDuration(duration)}${people}`, `  ${outcome}: ${harmless(because)}`];
}

/** What each judge step has gone by that had evidence of its own: of what the gates sent, or of a test of its own. */
function ownLines({ looks, started }: RolloutRecord, terminal: Terminal): readonly string[] {
  const bySteps = Map.groupBy(
    looks.flatMap(({ own }) => own ?? []),
    ({ step }) => step,
  );
  return [...bySteps].flatMap(([step, owns]) => {
    const last = owns.at(-1);
    if (last === undefined) return [];
    const sum = (arm: 'candidate' | 'stable', what: 'requests' | 'bad'): number =>
      owns.reduce((total, { counts }) => total + counts[arm][what], 0);
    const compared = sum('stable', 'requests');
    const beside = compared === 0 ? '' : ` · #${started.stable}: ${sum('stable', 'bad')} of ${compared}`;
    const { abort, promote, slo, bars } = last;
    const tests = [testWords(abort, bars.abort, terminal), testWords(Math.max(promote, slo), bars.promote, terminal)];
    return [
      `  ${terminal.style('bold', `judge of step ${step}`)}  #${started.candidate}: ${sum('candidate', 'bad')} of ${sum('candidate', 'requests')}${beside}`,
      `    worse: ${tests[0]}; as good: ${tests[1]}`,
    ];
  });
}

function testWords(e: number, bar: number, terminal: Terminal): string {
  const sign = e >= bar ? terminal.style('bold', `≥ ${formatEvidence(bar)}: proven`) : `of ${formatEvidence(bar)}`;
  return `e = ${formatEvidence(e)} ${sign}`;
}

type Reading = NonNullable<RolloutRecord['ended']>['reading'];
type Metric = Reading['errors'];

/** The numbers behind the decision; none when nothing was judged. */
function receiptLines(record: RolloutRecord, terminal: Terminal): readonly string[] {
  const { started, looks, ended, guard } = record;
  // In a rolling plan no judge acts, so nothing rests on what was counted.
  if (started.strategy === 'rolling' && guard === null) return [];
  const reading = guard?.reading ?? ended?.reading ?? null;
  if (reading === null || reading.looks === 0) return [];
  const crossings = crossingsOf(looks, { judge: started.judge, began: started.at });
  const metrics: readonly (readonly [Crossing['metric'], Metric, string])[] = [
    ['errors', reading.errors, 'errors'],
    ...(reading.slow === null
      ? []
      : [['slow', reading.slow, `slower than ${formatDuration(reading.slow.edge)}`] as const]),
  ];
  const blocks = metrics.flatMap(([name, metric, title]) => {
    const own = crossings.filter((crossing) => crossing.metric === name);
    return [
      `  ${terminal.style('bold', title)}  ${countsOf(metric, started)}`,
      ...testLines(metric, terminal),
      ...ratioLine(metric),
      ...crossingLines(own),
    ];
  });
  return [...blocks, ...replicaLines(reading)];
}

function countsOf({ totals }: Metric, { candidate, stable }: RolloutRecord['started']): string {
  const of = (release: number, { requests, bad }: Metric['totals']['stable']): string =>
    `#${release}: ${bad} of ${requests}`;
  return [of(candidate, totals.candidate), ...(stable === null ? [] : [of(stable, totals.stable)])].join(' · ');
}

function testLines({ abort, promote, slo, p }: Metric, terminal: Terminal): readonly string[] {
  const line = (what: string, { e, bar }: Metric['abort'], more = ''): string => {
    return `    ${what} ${testWords(e, bar, terminal)}${more}`;
  };
  return [
    line('worse:         ', abort, `, p ≤ ${formatChance(p)}`),
    line('no worse:      ', promote),
    line('within the SLO:', slo),
  ];
}

function ratioLine({ ratio }: Metric): readonly string[] {
  if (ratio === null) return [];
  const times = (value: number): string => `${Number(value.toPrecision(2))}`;
  const range = `${times(ratio.low)} to ${ratio.high === null ? 'more than 100' : times(ratio.high)}`;
  const likeliest = ratio.estimate === null ? '' : `, likeliest ${times(ratio.estimate)}`;
  const sure = `${formatShare(ratio.confidence)}, valid at any time`;
  return [`    the candidate is bad ${range} times as often as stable${likeliest} (${sure})`];
}

function crossingLines(crossings: readonly Crossing[]): readonly string[] {
  const when = ({ odds, own, at }: Crossing): string =>
    `${at === null ? 'never' : `+${formatDuration(at)}`} at ${formatShare(odds, 2)}${own ? ' (its own)' : ''}`;
  const worse = crossings.filter(({ test }) => test === 'worse');
  const fine = crossings
    .filter(({ test }) => test !== 'worse')
    .map(({ test, at }) => `${test}: ${at === null ? 'never' : `+${formatDuration(at)}`}`);
  return [
    `    would have been aborted: ${worse.map(when).join(', ')}`,
    `    would have been proven: ${fine.join(', ')}`,
  ];
}

/** Each replica where there are several, the worst first: the errors of a sick one are still the candidate's. */
function replicaLines({ replicas }: Reading): readonly string[] {
  const all = Object.entries(replicas).toSorted(([, [, one]], [, [, other]]) => other - one);
  if (all.length < 2) return [];
  const told = all.slice(0, REPLICAS_TOLD).map(([name, [requests, bad]]) => `${harmless(name)}: ${bad} of ${requests}`);
  const more = all.length > REPLICAS_TOLD ? `, and ${all.length - REPLICAS_TOLD} more` : '';
  return [`  errors by replica  ${told.join(', ')}${more}`];
}

const REPLICAS_TOLD = 5;

function formatChance(p: number): string {
  return p >= 0.001 ? String(Number(p.toPrecision(2))) : p.toExponential(1);
}
