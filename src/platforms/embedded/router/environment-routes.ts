/** One environment in the router: whose turn it is, and which replica takes the request. */

import type { IncomingHttpHeaders } from 'node:http';
import { createReplicaLink, type ReplicaLink, trafficOf } from './replica-link.ts';
import type { EnvironmentTraffic } from './router-config.ts';
import type { EnvironmentRoutes } from './routing-table.ts';
import { createSplit } from '../../../delivery/index.ts';

export interface Choice {
  readonly release: number;
  /** The replica to try; its `socket` is `null` when no replica of any exposed release can be had. */
  readonly link: ReplicaLink;
  /** Another release than the one whose turn it was. */
  readonly fallback: boolean;
}

export interface LiveEnvironment {
  readonly key: string;
  requestLimit(): number;
  /** Takes over new routes; in force for the next request. */
  install(routes: EnvironmentRoutes, now: number): void;
  /** Whose turn it is; `null` when nothing is exposed. */
  choose(headers: IncomingHttpHeaders, now: number): Choice | null;
  /** Another replica of the same release for a request that no replica in `tried` has accepted. */
  another(release: number, tried: ReadonlySet<ReplicaLink>, now: number): ReplicaLink | null;
  traffic(epoch: string): EnvironmentTraffic;
}

/** Counters of a replica that is gone are told for this long, so that whoever reads them has seen the last values. */
const KEEP_GONE = 15 * 60_000;

export function createLiveEnvironment(key: string, first: EnvironmentRoutes): LiveEnvironment {
  const split = createSplit();
  const links = new Map<string, ReplicaLink>();
  /** Per release the replicas in the table; taken in turn among equals. */
  let serving = new Map<number, ReplicaLink[]>();
  let routes = first;
  let turn = 0;
  let fallbacks = 0;
  let unexposed = 0;

  const linkOf = (release: number, id: string, socket: string | null): ReplicaLink => {
    const name = `${release}/${id}`;
    const link = links.get(name) ?? createReplicaLink(release, socket === null ? null : { id, socket });
    links.set(name, link);
    link.goneSince = null;
    return link;
  };

  const pick = (release: number, now: number, tried?: ReadonlySet<ReplicaLink>): ReplicaLink | null => {
    const candidates = serving.get(release);
    if (candidates === undefined) return null;
    turn += 1;
    let best: ReplicaLink | null = null;
    for (let offset = 0; offset < candidates.length; offset += 1) {
      const link = candidates[(turn + offset) % candidates.length];
      if (link === undefined || link.suspect || tried?.has(link)) continue;
      if (best === null || cost(link, now) < cost(best, now)) best = link;
    }
    return best;
  };

  const matches = (headers: IncomingHttpHeaders): boolean =>
    routes.match !== null &&
    Object.entries(routes.match.headers).every(([name, value]) => headers[name.toLowerCase()] === value);

  const nobody = (release: number): Choice => ({ release, link: linkOf(release, 'none', null), fallback: false });

  const fallBack = (from: number, now: number): Choice => {
    const others = Object.entries(routes.shares)
      .filter(([release, share]) => Number(release) !== from && share > 0)
      .sort(([, one], [, other]) => other - one);
    for (const [name] of others) {
      const release = Number(name);
      const link = pick(release, now);
      if (link === null) continue;
      fallbacks += 1;
      return { release, link, fallback: true };
    }
    return nobody(from);
  };

  const install = (next: EnvironmentRoutes, now: number): void => {
    routes = next;
    split.change(next.shares);
    serving = new Map(
      Object.entries(next.replicas).map(([name, addresses]) => {
        const release = Number(name);
        return [release, addresses.map(({ id, socket }) => linkOf(release, id, socket))];
      }),
    );
    const present = new Set([...serving.values()].flat());
    for (const [name, link] of links) {
      if (present.has(link) || link.socket === null) continue;
      link.goneSince ??= now;
      if (link.inFlight === 0) link.agent.destroy();
      if (link.inFlight === 0 && now - link.goneSince > KEEP_GONE) links.delete(name);
    }
  };

  install(first, 0);
  return {
    key,
    requestLimit: () => routes.requestLimit,
    install,
    choose(headers, now) {
      const asked = matches(headers) ? (routes.match?.release ?? null) : null;
      const release = asked ?? split.next();
      if (release === null) {
        unexposed += 1;
        return null;
      }
      const link = pick(release, now);
      if (link !== null) return { release, link, fallback: false };
      // Who asks for one release must never reach another: what kills a candidate would kill the stable one too.
      return asked === null ? fallBack(release, now) : nobody(release);
    },
    another: (release, tried, now) => pick(release, now, tried),
    traffic: (epoch) => ({
      shares: routes.shares,
      rows: [...links.values()].map((link) => trafficOf(link, epoch)),
      fallbacks,
      unexposed,
    }),
  };
}

/** Fewest in flight first; one that has just refused a connection comes last. */
function cost(link: ReplicaLink, now: number): number {
  return link.avoidUntil > now ? link.inFlight + 1_000_000 : link.inFlight;
}
