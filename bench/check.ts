/** A figure, the bound that it must keep, and whether it does. */

export interface Check {
  readonly holds: boolean;
  readonly says: string;
}

export function atMost(what: string, value: number, bound: number): Check {
  return { holds: value <= bound, says: `${what}: ${formatNumber(value)} (at most ${formatNumber(bound)})` };
}

export function atLeast(what: string, value: number, bound: number): Check {
  return { holds: value >= bound, says: `${what}: ${formatNumber(value)} (at least ${formatNumber(bound)})` };
}

/** Prints them; the process ends with 1 when one does not hold. */
export function report(title: string, checks: readonly Check[]): void {
  console.log(title);
  for (const { holds, says } of checks) {
    console.log(`  ${holds ? 'ok ' : 'NO '} ${says}`);
    if (!holds) process.exitCode = 1;
  }
}

/** The smallest k that a binomial count does not exceed with this confidence. */
export function binomialBound(trials: number, probability: number, confidence = 0.99): number {
  let log = trials * Math.log(1 - probability);
  let covered = Math.exp(log);
  let count = 0;
  while (covered < confidence) {
    log += Math.log((trials - count) / (count + 1)) + Math.log(probability / (1 - probability));
    covered += Math.exp(log);
    count += 1;
  }
  return count;
}

function formatNumber(value: number): string {
  return String(Number(value.toPrecision(4)));
}
