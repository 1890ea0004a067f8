/** What the Linux children of our images offer. Whoever runs them reads it here. */

/** Requests of users. */
export const IMAGE_PORT = 8080;

/** `GET /metrics` for Prometheus, `GET /ready` for probes: 200 while requests are served, else 503. Not for users. */
export const METRICS_PORT = 9464;

/**
 * A folder that may be written and that outlives a restart of the container. What was counted is kept there when a request
 * that never ends makes the host end itself; where there is no such folder, that request is counted by nobody.
 */
export const KEPT_COUNTERS_FOLDER = '/tmp';

/**
 * Bucket edges of the latency histogram in milliseconds: the `LATENCY_EDGES` of delivery, which a run of the pipeline must
 * not load for thirteen numbers (a test holds them equal).
 */
export const IMAGE_LATENCY_EDGES: readonly number[] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];
