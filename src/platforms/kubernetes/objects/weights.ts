/** Shares as the whole numbers that routes take. */

/** Release number → share; what `RouteEffect` names. */
export type Shares = Readonly<Record<number, number>>;

/** The releases that get requests: the largest share first, then the lowest number. */
export function exposedIn(shares: Shares): readonly number[] {
  return Object.entries(shares)
    .filter(([, share]) => share > 0)
    .sort(([one, oneShare], [other, otherShare]) => otherShare - oneShare || Number(one) - Number(other))
    .map(([release]) => Number(release));
}

/**
 * Release → weight, in the order of the releases. The weights sum to `total` (to 0 when nothing is exposed), each is next
 * to its exact value (largest remainder), and a share above 0 never becomes 0: a release that the engine believes to have
 * requests must have some.
 */
export function weightsOf(shares: Shares, total: number): ReadonlyMap<number, number> {
  const exposed = exposedIn(shares);
  const sum = exposed.reduce((all, release) => all + (shares[release] ?? 0), 0);
  const parts = exposed.map((release) => {
    const exact = ((shares[release] ?? 0) / sum) * total;
    const weight = Math.max(1, Math.floor(exact));
    return { release, weight, missing: exact - weight };
  });
  const weights = new Map(parts.map(({ release, weight }) => [release, weight]));
  const neediest = parts.toSorted((a, b) => b.missing - a.missing || a.release - b.release);
  let left = total - weights.values().reduce((all, weight) => all + weight, 0);
  for (const { release } of neediest) {
    if (left <= 0) break;
    weights.set(release, (weights.get(release) ?? 0) + 1);
    left -= 1;
  }
  // What the smallest were given is taken from the largest.
  const [largest] = exposed;
  if (largest !== undefined && left !== 0) weights.set(largest, (weights.get(largest) ?? 0) + left);
  return new Map([...weights].sort(([one], [other]) => one - other));
}
