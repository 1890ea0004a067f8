/** Means of exponentials whose exponents overflow or vanish when taken one by one. */

/** ln Σ wᵢ·exp(lᵢ). An exponent of −∞ adds nothing; without any other the result is −∞. */
export function logWeightedSum(logs: readonly number[], weights: readonly number[]): number {
  let highest = -Infinity;
  for (const log of logs) if (log > highest) highest = log;
  if (highest === -Infinity) return -Infinity;
  let sum = 0;
  for (let index = 0; index < logs.length; index += 1) {
    sum += (weights[index] ?? 0) * Math.exp((logs[index] ?? -Infinity) - highest);
  }
  return highest + Math.log(sum);
}

/** ln(exp(one) + exp(other)). */
export function logAdd(one: number, other: number): number {
  const [more, less] = one > other ? [one, other] : [other, one];
  return more === -Infinity ? more : more + Math.log1p(Math.exp(less - more));
}

/** exp(log) as a number that JSON can hold. */
export function finiteExp(log: number): number {
  return Math.min(Math.exp(log), Number.MAX_VALUE);
}
