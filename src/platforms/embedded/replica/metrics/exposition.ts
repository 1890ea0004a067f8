/** Prometheus' text format 0.0.4, written by hand: a client library would double the host that goes into each image. */

import { type Counted, OUTCOMES } from './request-counters.ts';

export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Every series is there from the start: one that appears with its first error would hide that error (`rate()` loses it). */
export function writeExposition({ since, requests, edges, latency, sum }: Counted, processStart: number): string {
  let cumulative = 0;
  const buckets = latency.map((count, index) => {
    cumulative += count;
    const edge = edges[index];
    return `slipway_request_duration_seconds_bucket{le="${edge === undefined ? '+Inf' : edge / 1000}"} ${cumulative}`;
  });
  return [
    '# HELP slipway_requests_total Requests that the service was given, by how they ended.',
    '# TYPE slipway_requests_total counter',
    ...OUTCOMES.map((outcome) => `slipway_requests_total{outcome="${outcome}"} ${requests[outcome]}`),
    '# HELP slipway_request_duration_seconds Time that the service took for a request.',
    '# TYPE slipway_request_duration_seconds histogram',
    ...buckets,
    `slipway_request_duration_seconds_sum ${sum / 1000}`,
    `slipway_request_duration_seconds_count ${cumulative}`,
    '# HELP slipway_counting_since_seconds When the counters were zero; it may be before the process started.',
    '# TYPE slipway_counting_since_seconds gauge',
    `slipway_counting_since_seconds ${since}`,
    '# HELP process_start_time_seconds Start time of the process since unix epoch in seconds.',
    '# TYPE process_start_time_seconds gauge',
    `process_start_time_seconds ${processStart}`,
    '',
  ].join('\n');
}
