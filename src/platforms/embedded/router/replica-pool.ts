/** The replicas of one environment: which one takes the next request of a release, and what was counted of all of them. */

import { type Counting, countAnew, createReplicaLink, type ReplicaLink } from './replica-link.ts';
import type { EnvironmentRoutes } from './routing-table.ts';

export interface ReplicaPool {
  /** Takes over the replicas and the edges of new routes. */
  install(routes: Pick<EnvironmentRoutes, 'replicas' | 'latencyEdges'>, now: number): void;
  /** One that can take a request of this release and is not in `tried`; `null` when there is none. */
  pick(release: number, now: number, tried?: ReadonlySet<ReplicaLink>): ReplicaLink | null;
  /** Stands for the requests of a release that has no replica. */
  nobody(release: number): ReplicaLink;
  /** Releases in the table, rising. */
  releases(): readonly number[];
  /** All that have served, the ones that are gone too. */
  all(): Iterable<ReplicaLink>;
}

/** Counters of a replica that is gone are told for this long, so that whoever reads them has seen the last values. */
const KEEP_GONE = 15 * 60_000;

/** `epoch` names this life of the router; each change of the edges makes another one of it. */
export function createReplicaPool(epoch: string): ReplicaPool {
  const links = new Map<string, ReplicaLink>();
  /** Per release the replicas in the table; taken in turn among equals. */
  let serving = new Map<number, ReplicaLink[]>();
  let counting: Counting = { edges: [], epoch };
  let changes = 0;
  let turn = 0;

  const linkOf = (release: number, id: string, socket: string | null): ReplicaLink => {
    const name = `${release}/${id}`;
    const link = links.get(name) ?? createReplicaLink(release, socket === null ? null : { id, socket }, counting);
    links.set(name, link);
    link.goneSince = null;
    return link;
  };
  const changeEdges = (edges: readonly number[]): void => {
    if (sameEdges(edges, counting.edges)) return;
    counting = { edges, epoch: changes === 0 ? epoch : `${epoch}.${changes}` };
    changes += 1;
    // What is gone counts no more: its last values stay as they were.
    for (const link of links.values()) if (link.goneSince === null) countAnew(link, counting);
  };

  return {
    install({ replicas, latencyEdges }, now) {
      changeEdges(latencyEdges);
      serving = new Map(
        Object.entries(replicas).map(([name, addresses]) => {
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
    },
    pick(release, now, tried) {
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
    },
    nobody: (release) => linkOf(release, 'none', null),
    releases: () => [...serving.keys()].sort((one, other) => one - other),
    all: () => links.values(),
  };
}

function sameEdges(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((edge, index) => edge === other[index]);
}

/** Fewest in flight first; one that has just refused a connection comes last. */
function cost(link: ReplicaLink, now: number): number {
  return link.avoidUntil > now ? link.inFlight + 1_000_000 : link.inFlight;
}
