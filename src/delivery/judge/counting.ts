/** Adds up what the rows of one look have counted, in every way in which the judge asks for it. */

import type { CounterRow } from '../observation.ts';
import type { CounterValues, CountingPlan } from './counters.ts';
import type { ArmCounts, Counts } from './counts.ts';

export interface Counting {
  add(row: CountedRow): void;
  counts(): Counts;
}

export interface CountedRow {
  readonly row: CounterRow;
  readonly arm: 'candidate' | 'stable';
  readonly now: CounterValues;
  /** Values of the last look, or zero in a new epoch. */
  readonly before: CounterValues;
}

interface Sum {
  requests: number;
  bad: number;
}

interface Arms {
  readonly candidate: Sum;
  readonly stable: Sum;
}

/** `steady`: the split in force is that of the last look, so it is known which share of the new keys is due to whom. */
export function createCounting({ edge, share }: CountingPlan, steady: boolean): Counting {
  const errors = noArms();
  const slow = noArms();
  const platforms = new Map<string, { readonly errors: Arms; readonly slow: Arms }>();
  const replicas = new Map<string, [requests: number, bad: number]>();
  const newKeys = { candidate: 0, stable: 0 };
  let untimed: string | null = null;

  return {
    add({ row, arm, now, before }) {
      const requests = now.requests - before.requests;
      const bad = now.errors - before.errors;
      const late = difference(now.slow, before.slow);
      addTo(errors[arm], requests, bad);
      addTo(slow[arm], requests, late);
      if (requests > 0 && row.platform !== null) {
        const own = platforms.get(row.platform) ?? { errors: noArms(), slow: noArms() };
        addTo(own.errors[arm], requests, bad);
        addTo(own.slow[arm], requests, late);
        platforms.set(row.platform, own);
      }
      // Also of a lone one: when others join it, what it has answered before must not be missing beside theirs.
      if (arm === 'candidate' && requests > 0) {
        const [more, worse] = replicas.get(row.replica) ?? [0, 0];
        replicas.set(row.replica, [more + requests, worse + bad]);
      }
      newKeys[arm] += difference(now.newKeys, before.newKeys);
      if (edge !== null && (now.slow === undefined || before.slow === undefined)) {
        untimed = `the latency of #${row.release} is not counted at ${edge}ms, so its slow requests are not known`;
      }
    },
    counts() {
      const timed = edge !== null && untimed === null;
      const known = steady && share !== null;
      return {
        ...errors,
        ...(timed ? { slow } : {}),
        ...(untimed === null ? {} : { untimed }),
        ...(platforms.size === 0
          ? {}
          : { platforms: Object.fromEntries([...platforms].map((one) => named(one, timed))) }),
        ...(replicas.size === 0 ? {} : { replicas: Object.fromEntries(replicas) }),
        ...(known ? { share } : {}),
        ...(known && newKeys.candidate + newKeys.stable > 0 ? { newKeys } : {}),
      };
    },
  };
}

type OfPlatform = NonNullable<Counts['platforms']>[string];

function named(
  [platform, { errors, slow }]: [string, { errors: ArmCounts; slow: ArmCounts }],
  timed: boolean,
): [string, OfPlatform] {
  return [platform, timed ? { errors, slow } : { errors }];
}

/** What was not counted before says nothing of what is new. */
function difference(now: number | undefined, before: number | undefined): number {
  return now === undefined || before === undefined ? 0 : now - before;
}

function noArms(): Arms {
  return { candidate: { requests: 0, bad: 0 }, stable: { requests: 0, bad: 0 } };
}

function addTo(sum: Sum, requests: number, bad: number): void {
  sum.requests += requests;
  sum.bad += bad;
}
