/** A range of Prometheus (the answer of `/api/v1/query_range` to a query of raw counters) as a recording. */

import { z } from 'zod';
import { type CounterSeries, type Recording, recordingOf } from '../../delivery/index.ts';
import { type Labels, parseSelector, type Selector } from './labels.ts';
import { notRecording, type RecordingWish, whichSeries } from './recording-wish.ts';

const schema = z.object({
  data: z.object({
    resultType: z.literal('matrix'),
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        /** Seconds, and the value as text. */
        values: z.array(z.tuple([z.number(), z.string()])),
      }),
    ),
  }),
});

/** The labels that usually carry the status; a series with a 5xx in one of them counts errors. */
const USUAL_ERRORS = ['code=5*', 'status=5*', 'status_code=5*', 'http_status=5*', 'http_response_status_code=5*'];

export function recordingOfRange(document: unknown, wish: RecordingWish): Recording {
  const parsed = schema.safeParse(document);
  if (!parsed.success) throw notRecording(wish.file, z.prettifyError(parsed.error).replaceAll('\n', ' '));
  const { result } = parsed.data.data;
  if (wish.candidate === undefined) {
    throw whichSeries(
      `It is not clear which series are the candidate's: labels are ${labelsIn(result.map(({ metric }) => metric))}.`,
      'Say it: "--candidate release=v2 --stable release=v1".',
    );
  }
  const isCandidate = parseSelector(wish.candidate);
  const isStable = wish.stable === undefined ? () => false : parseSelector(wish.stable);
  const isBad = wish.errors === undefined ? usuallyBad() : parseSelector(wish.errors);
  const isTotal =
    wish.total === undefined
      ? totalOf(
          result.map(({ metric }) => metric),
          isBad,
        )
      : parseSelector(wish.total);
  const series = result.flatMap(({ metric, values }): readonly CounterSeries[] => {
    const arm = isCandidate(metric) ? 'candidate' : isStable(metric) ? 'stable' : null;
    if (arm === null) return [];
    const samples = values.map(([seconds, value]) => [Math.round(seconds * 1000), Number(value)] as const);
    return [
      ...(isTotal(metric) ? [{ arm, counts: 'all', samples } as const] : []),
      ...(isBad(metric) ? [{ arm, counts: 'bad', samples } as const] : []),
    ];
  });
  for (const [arm, selector] of [['candidate', wish.candidate] as const, ['stable', wish.stable] as const]) {
    if (selector === undefined || series.some((one) => one.arm === arm && one.counts === 'all')) continue;
    throw whichSeries(
      `No series of requests matches ${selector}: labels are ${labelsIn(result.map(({ metric }) => metric))}.`,
      'Look at the labels in the file; "--total" names the series that count all requests.',
    );
  }
  return recordingOf(wish.stable === undefined ? wish.candidate : `${wish.candidate} over ${wish.stable}`, series);
}

/** All series; but counters of errors that have a name of their own are not among the requests. */
function totalOf(all: readonly Labels[], isBad: Selector): Selector {
  const names = new Set(all.filter((labels) => !isBad(labels)).map((labels) => labels['__name__']));
  return (labels) => names.size === 0 || names.has(labels['__name__']);
}

function usuallyBad(): Selector {
  const selectors = USUAL_ERRORS.map((text) => parseSelector(text));
  return (labels) => selectors.some((selector) => selector(labels));
}

const VALUES_TOLD = 4;

function labelsIn(all: readonly Labels[]): string {
  const names = new Set(all.flatMap((labels) => Object.keys(labels)));
  const told = [...names].map((name) => {
    const values = [...new Set(all.flatMap((labels) => labels[name] ?? []))];
    return `${name} (${values.slice(0, VALUES_TOLD).join(', ')}${values.length > VALUES_TOLD ? ', …' : ''})`;
  });
  return told.join(', ') || 'none';
}
