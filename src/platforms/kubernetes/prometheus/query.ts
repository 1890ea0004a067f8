/** The one question that a look asks: the newest raw sample of every counter of an environment, and when it was taken. */

import type { EnvironmentContext, PrometheusSpec } from '../../../delivery/index.ts';

/** Labels that the scrape configuration makes of those of our pods (docs/guide/metrics.md). */
const SERVICE_LABEL = 'slipway_service';
const ENVIRONMENT_LABEL = 'slipway_environment';

/** When the counters were zero: our own replica says it, other programs are as old as their process. */
export const SINCE_SERIES = ['slipway_counting_since_seconds', 'process_start_time_seconds'] as const;

/** A series of the answer with this label holds no counter but the time at which its counter was sampled. */
export const PART_LABEL = 'slipway_part';

/** With or without `_bucket` at its end. */
export function bucketSeries({ series }: Pick<PrometheusSpec, 'series'>): string {
  return series.latency.endsWith('_bucket') ? series.latency : `${series.latency}_bucket`;
}

/**
 * One expression, so that all of it is evaluated at one instant and on one consistent state of the store. No `rate()`: it
 * hides restarts, and its window mixes the time before and after a change of weights (facts/rollouts.md, traps T4 and T5).
 */
export function counterQuery(
  { key, spec }: Pick<EnvironmentContext, 'key' | 'spec'>,
  prometheus: PrometheusSpec,
): string {
  const [service = '', environment = ''] = key.split('/');
  const where = [`${SERVICE_LABEL}=${quoted(service)}`, `${ENVIRONMENT_LABEL}=${quoted(environment)}`];
  const namespace = spec.kubernetes?.namespace;
  // One Prometheus may watch several clusters' namespaces, and another may not have the label.
  if (namespace !== undefined) where.push(`namespace=~${quoted(`${literally(namespace)}|`)}`);
  const { requests } = prometheus.series;
  const names = [requests, bucketSeries(prometheus), ...SINCE_SERIES].map(literally).join('|');
  const samples = `{${[`__name__=~${quoted(names)}`, ...where].join(',')}}`;
  const times = `timestamp({${[`__name__=${quoted(requests)}`, ...where].join(',')}})`;
  // `or` tells series apart by their labels without the name: the times get one of their own.
  return `${samples} or label_replace(${times},"${PART_LABEL}","sampled","","")`;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

/** As a part of a regular expression of RE2. */
function literally(text: string): string {
  return text.replaceAll(/[\\.+*?()|[\]{}^$]/g, String.raw`\$&`);
}
