/** How long simulated requests take: log-normal through the median and the 99th percentile that a release states. */

/** Φ⁻¹(0.99): how many standard deviations the 99th percentile lies above the median. */
const Z99 = 2.326347874;

/**
 * For each upper edge (milliseconds, rising) the share of the requests that take no longer. A request that draws `pace`
 * from [0, 1) falls into the first bucket whose share exceeds it (`bucketOf`), so no latency need be computed.
 */
export function latencyQuantiles(
  { p50, p99 }: { readonly p50: number; readonly p99: number },
  edges: readonly number[],
): readonly number[] {
  const sigma = p50 > 0 && p99 > p50 ? Math.log(p99 / p50) / Z99 : 0;
  return edges.map((edge) => {
    // Without a spread all requests take the median.
    if (sigma === 0) return edge >= p50 ? 1 : 0;
    return normalShare(Math.log(edge / p50) / sigma);
  });
}

/** Index of the bucket, the last one (behind all edges) included. */
export function bucketOf(quantiles: readonly number[], pace: number): number {
  let bucket = 0;
  while (bucket < quantiles.length && pace >= (quantiles[bucket] ?? 1)) bucket += 1;
  return bucket;
}

/** Φ, by Abramowitz and Stegun 26.2.17: at most 7.5e-8 off. */
function normalShare(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const sum = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * sum;
  return z >= 0 ? 1 - tail : tail;
}
