/** Comparisons without an engine: what the arms count is drawn, what follows from it the judge's own code says. */

import { DEFAULT_JUDGE } from '../src/delivery/index.ts';
import { addLook, startEvidence } from '../src/delivery/judge/index.ts';
import { logWorse, worseLogs } from '../src/delivery/judge/relative.ts';
import { drawBinomial } from '../src/kernel/binomial.ts';
import { createRandom, type Random } from '../src/kernel/random.ts';

/** A candidate beside a stable release. */
export interface Arms {
  /** Share of the requests that the candidate gets. */
  readonly weight: number;
  /** Requests per second. */
  readonly rate: number;
  /** Shares of the requests that fail. */
  readonly stable: number;
  readonly candidate: number;
  /** Seconds after which the candidate turns bad; before it is as good as stable. */
  readonly from?: number;
}

export interface Run {
  /** Seconds; `Infinity` when it was not aborted. */
  readonly aborted: number;
  /** Requests that failed on the candidate until then. */
  readonly errors: number;
}

/** As shipped. */
export const SETTINGS = DEFAULT_JUDGE;

/** As shipped: requests dealt exactly, a look each second, the whole mixture. */
export function runShipped(arms: Arms, looks: number, random: Random): Run {
  const { weight, rate, stable, from = 0 } = arms;
  const bar = -Math.log(SETTINGS.falseAlarm);
  let evidence = startEvidence(SETTINGS, true);
  let [owed, errors] = [0, 0];
  for (let second = 1; second <= looks; second += 1) {
    owed += weight * rate;
    // Sums of fractions may end a little below the whole request that they are.
    const own = Math.floor(owed + 1e-9);
    owed -= own;
    const bad = drawBinomial(random, own, shareAt(arms, second));
    if (second > from) errors += bad;
    const counts = {
      candidate: { requests: own, bad },
      stable: { requests: rate - own, bad: drawBinomial(random, rate - own, stable) },
    };
    evidence = addLook(evidence, counts, second * 1000);
    if (evidence.errors.highest >= bar) return { aborted: second - from, errors };
  }
  return { aborted: Infinity, errors };
}

/** As in section 9.5 of facts/rollouts.md: each request draws its arm, and only the test from the start is asked. */
export function runPure(arms: Arms, looks: number, random: Random): Run {
  const { weight, rate, stable, from = 0 } = arms;
  const bar = -Math.log(SETTINGS.falseAlarm);
  let logs = worseLogs({ bad: 0, events: 0, q: weight }, 1);
  let errors = 0;
  for (let second = 1; second <= looks; second += 1) {
    const own = drawBinomial(random, rate, weight);
    const bad = drawBinomial(random, own, shareAt(arms, second));
    const events = bad + drawBinomial(random, rate - own, stable);
    if (second > from) errors += bad;
    if (events === 0) continue;
    const more = worseLogs({ bad, events, q: own / rate }, 1);
    logs = logs.map((log, index) => log + (more[index] ?? 0));
    if (logWorse(logs) >= bar) return { aborted: second - from, errors };
  }
  return { aborted: Infinity, errors };
}

/** The share of the candidate's requests that fail in this second. */
function shareAt({ candidate, stable, from = 0 }: Arms, second: number): number {
  return second > from ? candidate : stable;
}

export interface Summary {
  readonly runs: number;
  readonly aborted: number;
  /** Seconds; `null` when fewer were aborted at all. */
  readonly median: number | null;
  readonly p90: number | null;
  /** Of the candidate: on average, and their standard deviation. */
  readonly errors: number;
  readonly deviation: number;
  /** Share that was aborted within so many seconds. */
  readonly upTo: (seconds: number) => number;
}

/** The same seed for each: figures that are compared differ in one thing. */
export function simulate(
  run: typeof runShipped,
  arms: Arms,
  { runs, looks }: { runs: number; looks: number },
): Summary {
  const random = createRandom(1);
  return summarise(Array.from({ length: runs }, () => run(arms, looks, random)));
}

function summarise(runs: readonly Run[]): Summary {
  const sorted = runs.map(({ aborted }) => aborted).toSorted((one, other) => one - other);
  const quantile = (share: number): number | null => {
    const value = sorted[Math.ceil(share * sorted.length) - 1] ?? Infinity;
    return value === Infinity ? null : value;
  };
  const mean = runs.reduce((sum, { errors }) => sum + errors, 0) / runs.length;
  const squares = runs.reduce((sum, { errors }) => sum + (errors - mean) ** 2, 0) / runs.length;
  return {
    runs: runs.length,
    aborted: sorted.filter((aborted) => aborted < Infinity).length,
    median: quantile(0.5),
    p90: quantile(0.9),
    errors: mean,
    deviation: Math.sqrt(squares),
    upTo: (seconds) => sorted.filter((aborted) => aborted <= seconds).length / sorted.length,
  };
}
