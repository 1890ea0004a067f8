/** Series of points made ready for a comparison (facts/rollouts.md section 8.1, steps 1 and 2). */

export interface PrepareSettings {
  /** What a point without a value becomes. */
  readonly missing: 'remove' | 'zero';
  /** Whether points far outside of the others are left out. */
  readonly outliers: 'keep' | 'remove';
}

export const AS_IS: PrepareSettings = { missing: 'remove', outliers: 'keep' };

export function prepare(points: readonly number[], { missing, outliers }: PrepareSettings): readonly number[] {
  const known =
    missing === 'remove' ? points.filter((point) => !Number.isNaN(point)) : points.map((point) => point || 0);
  return outliers === 'keep' ? known : withoutOutliers(known);
}

/** How many times the distance between the quartiles a point may be outside of them … */
const REACH = 3;

/** … if it is not among the outermost hundredth anyway: there only more than that counts. */
function withoutOutliers(points: readonly number[]): readonly number[] {
  const [first, third] = [percentile(points, 25), percentile(points, 75)];
  const reach = REACH * (third - first);
  const low = Math.min(percentile(points, 1), first - reach);
  const high = Math.max(percentile(points, 99), third + reach);
  return points.filter((point) => point >= low && point <= high);
}

/** Between the points around the position p(n + 1)/100, as Apache Commons Math has it by default. */
function percentile(points: readonly number[], percent: number): number {
  const sorted = points.toSorted((one, other) => one - other);
  const position = (percent * (sorted.length + 1)) / 100;
  const below = Math.floor(position);
  const [low, high] = [sorted[Math.max(0, below - 1)], sorted[Math.min(sorted.length - 1, below)]];
  if (low === undefined || high === undefined) return NaN;
  return below < 1 ? low : low + (position - below) * (high - low);
}
