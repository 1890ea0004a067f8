/**
 * What the two tests of section 9.1 come to when one looks after every bad event: computed exactly, event by event, from
 * the e-values that `delivery/judge` computes. There is no luck in it, so what another simulation has printed can be
 * checked to within that simulation's own error.
 */

import { fineLogs, logFine, logWorse, worseLogs } from '../src/delivery/judge/relative.ts';

export interface Walk {
  /** The candidate's share of the requests. */
  readonly q: number;
  /** How many times as often it fails. */
  readonly ratio: number;
  readonly alpha: number;
  /** `null`: only an abort ends it. */
  readonly beta: number | null;
  /** Bad events after which nobody looks any more. */
  readonly most: number;
}

export interface WalkEnd {
  readonly aborted: number;
  readonly passed: number;
  /** Bad events until the decision; undecided walks count as `most`. */
  readonly events: Law;
  /** … and those of the candidate among them. */
  readonly own: Law;
}

export interface Law {
  readonly mean: number;
  readonly deviation: number;
  /** Probability of at most so many. */
  readonly upTo: (value: number) => number;
  readonly quantile: (share: number) => number;
}

const DETECT = 2;

export function walk({ q, ratio, alpha, beta, most }: Walk): WalkEnd {
  const own = (q * ratio) / (q * ratio + 1 - q);
  const [abortBar, passBar] = [-Math.log(alpha), beta === null ? Infinity : -Math.log(beta)];
  const events = new Map<number, number>();
  const mine = new Map<number, number>();
  let [aborted, passed] = [0, 0];
  let [abortFrom, passUpTo] = [1, -1];
  // Probability of each number of bad events of the candidate while nothing is decided.
  let open = [1];
  const end = (event: number, bad: number, mass: number): void => {
    events.set(event, (events.get(event) ?? 0) + mass);
    mine.set(bad, (mine.get(bad) ?? 0) + mass);
  };
  for (let event = 1; event <= most; event += 1) {
    const next = Array.from(
      { length: open.length + 1 },
      (_, bad) => (open[bad] ?? 0) * (1 - own) + (open[bad - 1] ?? 0) * own,
    );
    while (logWorse(worseLogs({ bad: abortFrom, events: event, q }, 1)) < abortBar) abortFrom += 1;
    while (logFine(fineLogs({ bad: passUpTo + 1, events: event, q }, DETECT)) >= passBar) passUpTo += 1;
    for (let bad = Math.min(abortFrom, next.length); bad < next.length; bad += 1) {
      const mass = next[bad] ?? 0;
      aborted += mass;
      end(event, bad, mass);
      next[bad] = 0;
    }
    for (let bad = 0; bad <= Math.min(passUpTo, next.length - 1); bad += 1) {
      const mass = next[bad] ?? 0;
      passed += mass;
      end(event, bad, mass);
      next[bad] = 0;
    }
    open = next.slice(0, abortFrom);
  }
  for (const [bad, mass] of open.entries()) end(most, bad, mass);
  return { aborted, passed, events: lawOf(events), own: lawOf(mine) };
}

function lawOf(masses: ReadonlyMap<number, number>): Law {
  const sorted = [...masses].sort(([one], [other]) => one - other);
  const moment = (power: number): number => sorted.reduce((sum, [value, mass]) => sum + mass * value ** power, 0);
  const mean = moment(1);
  const upTo = (value: number): number => sorted.reduce((sum, [at, mass]) => (at <= value ? sum + mass : sum), 0);
  return {
    mean,
    deviation: Math.sqrt(Math.max(0, moment(2) - mean ** 2)),
    upTo,
    quantile(share) {
      let sum = 0;
      for (const [value, mass] of sorted) {
        sum += mass;
        if (sum >= share) return value;
      }
      return Infinity;
    },
  };
}
