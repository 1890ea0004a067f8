/** One environment in the router: which release a request goes to and why, and what was counted. */

import type { IncomingHttpHeaders } from 'node:http';
import { createSplit, type RequestSource, stickyBucket, stickySplit } from '../../../delivery/index.ts';
import { keyOf } from './affinity.ts';
import { type ReplicaLink, tallyOf } from './replica-link.ts';
import { createReplicaPool } from './replica-pool.ts';
import type { EnvironmentTraffic } from './router-config.ts';
import type { EnvironmentRoutes } from './routing-table.ts';
import { createSeenKeys } from './seen-keys.ts';
import { countRequest, isBad, type RequestOutcome, rowOf } from './tally.ts';
import { createUnitWindow } from './unit-window.ts';

export interface Choice {
  readonly release: number;
  readonly source: RequestSource;
  /** The replica to try; its `socket` is `null` when no replica of any exposed release can be had. */
  readonly link: ReplicaLink;
  /** Another release than the one whose turn it was. */
  readonly fallback: boolean;
  /** Where the key falls that keeps its user at one release; `null` when it was dealt alone. */
  readonly bucket: number | null;
  /** `NAME=VALUE` that the answer should set, so that the next request has a key. */
  readonly cookie: string | null;
}

export interface CountedRequest {
  readonly link: ReplicaLink;
  readonly source: RequestSource;
  readonly bucket: number | null;
  readonly outcome: RequestOutcome;
  readonly milliseconds: number;
}

export interface LiveEnvironment {
  readonly key: string;
  requestLimit(): number;
  /** Takes over new routes; in force for the next request. */
  install(routes: EnvironmentRoutes, now: number): void;
  /** Whose turn it is; `null` when nothing is exposed. */
  choose(headers: IncomingHttpHeaders, now: number): Choice | null;
  /** For a request to the own host of a release; `null` when the table does not name it. */
  direct(release: number, now: number): Choice | null;
  /** Another replica of the same release for a request that no replica in `tried` has accepted. */
  another(release: number, tried: ReadonlySet<ReplicaLink>, now: number): ReplicaLink | null;
  /** The replica that a copy of this request, which may be done twice, goes to; `null` when none is wanted. */
  copyTo(choice: Choice, now: number): ReplicaLink | null;
  /** Copies under way, and those that were not sent. */
  readonly copies: { inFlight: number; dropped: number };
  /** Counts one request that has ended, exactly once. */
  count(request: CountedRequest, now: number): void;
  /** Releases that have a host of their own, rising. */
  releases(): readonly number[];
  traffic(now: number): EnvironmentTraffic;
}

/** So many copies may be under way, so that a slow candidate costs the router no more than this. */
const MOST_COPIES = 64;
/** What the split of the copies deals. */
const [ALONE, COPIED] = [0, 1];

export function createLiveEnvironment(key: string, epoch: string, first: EnvironmentRoutes): LiveEnvironment {
  const pool = createReplicaPool(epoch);
  const split = createSplit();
  const copying = createSplit();
  const units = createUnitWindow();
  const seen = createSeenKeys();
  const copies = { inFlight: 0, dropped: 0 };
  let routes = first;
  let releaseOf = stickySplit(first.shares);
  let fallbacks = 0;
  let unexposed = 0;

  const matches = (headers: IncomingHttpHeaders): boolean =>
    routes.match !== null &&
    Object.entries(routes.match.headers).every(([name, value]) => headers[name.toLowerCase()] === value);

  const bucketOf = (of: string): number => stickyBucket(of, routes.rollout ?? '');
  // What a release is asked for by name goes to it alone: what kills a candidate would kill the stable one too.
  const exactly = (release: number, source: RequestSource, now: number): Choice => {
    const link = pool.pick(release, now) ?? pool.nobody(release);
    return { release, source, link, fallback: false, bucket: null, cookie: null };
  };
  const others = (from: number): readonly number[] =>
    Object.entries(routes.shares)
      .filter(([release, share]) => Number(release) !== from && share > 0)
      .sort(([, one], [, other]) => other - one)
      .map(([release]) => Number(release));
  const dealt = (release: number, now: number): Pick<Choice, 'release' | 'link' | 'fallback'> => {
    const link = pool.pick(release, now);
    if (link !== null) return { release, link, fallback: false };
    for (const other of others(release)) {
      const instead = pool.pick(other, now);
      if (instead === null) continue;
      fallbacks += 1;
      return { release: other, link: instead, fallback: true };
    }
    return { release, link: pool.nobody(release), fallback: false };
  };
  const byUnit = (source: RequestSource): boolean =>
    routes.affinity.kind !== 'none' && (source === 'split' || source === 'mirror');

  const install = (next: EnvironmentRoutes, now: number): void => {
    units.settle(now);
    routes = next;
    split.change(next.shares);
    releaseOf = stickySplit(next.shares);
    const copied = next.mirror?.share ?? 0;
    if (next.rollout === null) seen.forget();
    copying.change({ [ALONE]: 1 - copied, [COPIED]: copied });
    pool.install(next, now);
  };

  install(first, 0);
  return {
    key,
    copies,
    requestLimit: () => routes.requestLimit,
    install,
    choose(headers, now) {
      if (routes.match !== null && matches(headers)) return exactly(routes.match.release, 'match', now);
      const whose = keyOf(routes.affinity, headers);
      const bucket = whose === null ? null : bucketOf(whose.value);
      const release = bucket === null ? split.next() : releaseOf(bucket);
      if (release === null) {
        unexposed += 1;
        return null;
      }
      const { link, ...to } = dealt(release, now);
      if (bucket !== null && routes.rollout !== null && seen.isNew(routes.rollout, bucket)) {
        tallyOf(link, 'split').units.newKeys += 1;
      }
      return { ...to, link, source: 'split', bucket, cookie: whose?.cookie ?? null };
    },
    direct: (release, now) => (pool.releases().includes(release) ? exactly(release, 'direct', now) : null),
    another: (release, tried, now) => pool.pick(release, now, tried),
    copyTo({ source, release, bucket }, now) {
      const { mirror } = routes;
      if (mirror === null || source !== 'split' || release === mirror.release) return null;
      // All requests of a key are copied, or none: as units they are then the same on both sides.
      const due = bucket === null ? copying.next() === COPIED : bucketOf(`copy of ${bucket}`) < mirror.share;
      if (!due) return null;
      const link = copies.inFlight < MOST_COPIES ? pool.pick(mirror.release, now) : null;
      if (link === null) copies.dropped += 1;
      return link;
    },
    count({ link, source, bucket, outcome, milliseconds }, now) {
      const tally = tallyOf(link, source);
      countRequest(tally, outcome, milliseconds);
      if (!byUnit(source)) return;
      const { release } = link;
      units.add({ release, source, bucket, tally, bad: isBad(outcome), milliseconds }, now);
    },
    releases: () => pool.releases(),
    traffic(now) {
      units.settle(now);
      const links = [...pool.all()];
      return {
        shares: routes.shares,
        rows: links.flatMap((link) =>
          [...link.tallies].map(([source, tally]) =>
            rowOf(tally, { release: link.release, replica: link.id, source, byUnit: byUnit(source) }),
          ),
        ),
        replicas: links.map(({ release, id: replica, inFlight, suspect }) => ({ release, replica, inFlight, suspect })),
        fallbacks,
        unexposed,
        droppedCopies: copies.dropped,
        keys: { known: seen.known(), full: seen.full() },
      };
    },
  };
}
