/** How many of so many independent trials succeed: one draw, whatever their number. */

import type { Random } from './random.ts';

/** Above this mean (of successes or failures, whichever are fewer) the normal approximation is drawn instead. */
const EXACT_UP_TO = 60;

/** Exact by inversion for small means; else normal, rounded and cut to the possible values. */
export function drawBinomial(random: Random, trials: number, probability: number): number {
  if (probability > 0.5) return trials - drawBinomial(random, trials, 1 - probability);
  if (trials <= 0 || probability <= 0) return 0;
  const mean = trials * probability;
  if (mean > EXACT_UP_TO) {
    const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
    return Math.min(trials, Math.max(0, Math.round(mean + normal * Math.sqrt(mean * (1 - probability)))));
  }
  const odds = probability / (1 - probability);
  let mass = (1 - probability) ** trials;
  let luck = random.next();
  let count = 0;
  while (luck >= mass && count < trials) {
    luck -= mass;
    count += 1;
    mass *= ((trials - count + 1) / count) * odds;
  }
  return count;
}
