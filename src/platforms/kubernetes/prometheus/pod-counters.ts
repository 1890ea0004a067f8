/** From the samples of one answer to what each pod has counted. */

import type { Latency, PrometheusSpec } from '../../../delivery/index.ts';
import type { Sample } from './ask-prometheus.ts';
import { bucketSeries, PART_LABEL, SINCE_SERIES } from './query.ts';

export interface PodCounters {
  readonly release: number;
  readonly pod: string;
  /** Seconds: when its counters were zero; `null` when nothing says so. */
  readonly since: number | null;
  /** Seconds, by the clock of Prometheus: when it was sampled, and how long ago that is. */
  readonly sampledAt: number;
  readonly age: number;
  readonly requests: Readonly<Record<Ending, number>>;
  /** Without edges where there is no histogram. */
  readonly latency: Latency;
}

export const ENDINGS = ['ok', 'error', 'trap', 'timeout'] as const;
export type Ending = (typeof ENDINGS)[number];

/** They tell scraped programs apart; what else a series is labelled with tells requests apart. */
const TARGET_LABELS = ['job', 'instance', 'container', 'cluster', 'prometheus', 'prometheus_replica', 'replica'];

/** Names that the status of an answer goes by, the commonest first. */
const STATUS_LABELS = ['code', 'status', 'status_code', 'response_code', 'http_response_status_code'];

/**
 * One for each pod. A pod of which anything is not a number, not told apart by how requests ended, or of which no request was
 * ever counted, is left out. Scraped twice, it counts once: by the first of its targets that is fresh.
 */
export function podCounters(
  samples: readonly Sample[],
  spec: PrometheusSpec,
  freshFor: number,
): readonly PodCounters[] {
  const targets = new Map<string, Sample[]>();
  for (const sample of samples) {
    const { labels } = sample;
    const key = [labels[spec.labels.release], labels[spec.labels.pod], ...TARGET_LABELS.map((name) => labels[name])];
    const name = JSON.stringify(key);
    targets.set(name, [...(targets.get(name) ?? []), sample]);
  }
  const pods = new Map<string, PodCounters>();
  for (const [, own] of [...targets].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const counters = countersOf(own, spec);
    if (counters === null || counters.age > freshFor) continue;
    const key = `${counters.release}|${counters.pod}`;
    if (!pods.has(key)) pods.set(key, counters);
  }
  return [...pods.values()];
}

/** What the samples of one scraped program say; `null` when they can't be believed. */
function countersOf(samples: readonly Sample[], spec: PrometheusSpec): PodCounters | null {
  const { labels = {} } = samples[0] ?? {};
  const release = Number(labels[spec.labels.release]);
  const pod = labels[spec.labels.pod];
  if (!Number.isSafeInteger(release) || release < 1 || pod === undefined || pod === '') return null;
  if (samples.some(({ value }) => !Number.isFinite(value) || value < 0)) return null;
  const named = (name: string): readonly Sample[] => samples.filter(({ labels }) => labels['__name__'] === name);
  const requests = sumByEnding(named(spec.series.requests));
  const times = samples.filter(({ labels }) => labels[PART_LABEL] !== undefined);
  const [time] = times;
  if (requests === null || time === undefined) return null;
  const sampledAt = Math.max(...times.map(({ value }) => value));
  const since = SINCE_SERIES.map((name) => named(name)[0]?.value).find((value) => value !== undefined);
  return {
    release,
    pod,
    since: since ?? null,
    sampledAt,
    age: time.at - sampledAt,
    requests,
    latency: latencyOf(named(bucketSeries(spec))),
  };
}

function sumByEnding(samples: readonly Sample[]): Record<Ending, number> | null {
  if (samples.length === 0) return null;
  const sums = { ok: 0, error: 0, trap: 0, timeout: 0 };
  for (const { labels, value } of samples) {
    const ending = endingOf(labels);
    if (ending === null) return null;
    sums[ending] += Math.floor(value);
  }
  return sums;
}

/** Our own series say it in words, others by the status; `null`: by neither. */
function endingOf(labels: Readonly<Record<string, string>>): Ending | null {
  const { outcome } = labels;
  if (outcome !== undefined) return ENDINGS.find((ending) => ending === outcome) ?? 'error';
  const status = STATUS_LABELS.map((name) => labels[name]).find((value) => value !== undefined);
  if (status === undefined) return null;
  return status.startsWith('5') ? 'error' : 'ok';
}

/** Buckets are cumulative and in seconds; all label sets of a pod together are its histogram. */
function latencyOf(samples: readonly Sample[]): Latency {
  const cumulative = new Map<number, number>();
  for (const { labels, value } of samples) {
    const edge = labels['le'] === '+Inf' ? Infinity : toMilliseconds(Number(labels['le']));
    if (Number.isNaN(edge)) return NO_HISTOGRAM;
    cumulative.set(edge, (cumulative.get(edge) ?? 0) + Math.floor(value));
  }
  const sorted = [...cumulative].sort(([a], [b]) => a - b);
  if (sorted.at(-1)?.[0] !== Infinity) return NO_HISTOGRAM;
  const counts = sorted.map(([, count], index) => Math.max(0, count - (sorted[index - 1]?.[1] ?? 0)));
  return { edges: sorted.slice(0, -1).map(([edge]) => edge), counts };
}

const NO_HISTOGRAM: Latency = { edges: [], counts: [0] };

/** 0.005 s is 5 ms, not 5.000000000000001. */
function toMilliseconds(seconds: number): number {
  return Number((seconds * 1000).toPrecision(12));
}
