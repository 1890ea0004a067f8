/** Counters from a Prometheus that the user runs. It scrapes nothing itself, and decides nothing. */

export { createPrometheusSource, type PrometheusSourceOptions } from './prometheus-source.ts';
