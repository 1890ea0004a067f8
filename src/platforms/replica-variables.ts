/** Environment variables of a container by which a platform speaks to the replica host in it. The service sees none of them. */

/** Milliseconds, with commas: latencies that the judge asks about, so that they get a bucket edge beside the usual ones. */
export const LATENCY_EDGES_VARIABLE = 'SLIPWAY_LATENCY_EDGES';

/** Bytes that the memory of the service may grow to, where the replica's file says nothing. */
export const MEMORY_VARIABLE = 'SLIPWAY_MEMORY';

/** Milliseconds that one request may run, where the replica's file says nothing. */
export const REQUEST_DEADLINE_VARIABLE = 'SLIPWAY_REQUEST_DEADLINE';
