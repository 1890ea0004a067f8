/** What an administrator of the cluster sees, by watches of their own: whom the demo's claims are checked against. */

import { isDeepStrictEqual } from 'node:util';
import { createSight, imageOf, isReady, type LiveObjects } from '../../bench/kubernetes/live-objects.ts';
import { LABELS } from '../../src/platforms/kubernetes/names.ts';
import type { AdminClient } from '../../test/cluster/admin-client.ts';
import { sharesInForce, type Shares } from '../../test/rigs/played-traffic.ts';

export interface Witness {
  /** Each split of the requests that came into force, in order. `ready`: the pods of each release at that moment. */
  readonly splits: readonly Split[];
  /** Who held the Lease, one after the other; `null`: nobody. */
  readonly holders: readonly Holding[];
  /** The split in force. */
  shares(): Shares;
  ready(release: number): number;
  /** Images that pods run, each once. */
  images(): readonly string[];
  /** Releases that have a Deployment. */
  deployed(): readonly number[];
  /** Resolves at the first moment at which it holds: `performance.now()`. Rejects after two minutes. */
  when(what: string, holds: () => boolean): Promise<number>;
  close(): void;
}

export interface Split {
  /** `performance.now()` */
  readonly at: number;
  readonly shares: Shares;
  readonly ready: Readonly<Record<number, number>>;
}

export interface Holding {
  readonly at: number;
  /** `ana@laptop/1f0c22ab/4711` */
  readonly holder: string | null;
}

export function createWitness(admin: AdminClient, namespace: string): Witness {
  const sight = createSight(admin);
  const pods = sight.follow(`/api/v1/namespaces/${namespace}/pods`);
  const deployments = sight.follow(`/apis/apps/v1/namespaces/${namespace}/deployments`);
  const routes = sight.follow(`/apis/gateway.networking.k8s.io/v1/namespaces/${namespace}/httproutes`);
  const leases = sight.follow(`/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`);
  const splits: Split[] = [];
  const holders: Holding[] = [];
  const ready = (release: number): number =>
    pods.objects().filter((pod) => isReady(pod) && releaseOf(pod) === release).length;
  const look = (): void => {
    const at = performance.now();
    const shares = sharesInForce(routes.objects()[0] ?? null);
    if (shares !== null && !isSame(shares, splits.at(-1)?.shares ?? {})) {
      const counts = Object.keys(shares).map((release) => [release, ready(Number(release))]);
      splits.push({ at, shares, ready: Object.fromEntries(counts) as Split['ready'] });
    }
    const holder = holderOf(leases);
    if (holder !== (holders.at(-1)?.holder ?? null)) holders.push({ at, holder });
  };
  sight.onChange(look);
  return {
    splits,
    holders,
    shares: () => splits.at(-1)?.shares ?? {},
    ready,
    images: () => [...new Set(pods.objects().map(imageOf))],
    deployed: () => [...new Set(deployments.objects().map(releaseOf))],
    when: (what, holds) => sight.when(what, holds),
    close: () => sight.close(),
  };
}

function releaseOf({
  metadata,
}: {
  readonly metadata: { readonly labels?: Readonly<Record<string, string>> };
}): number {
  return Number(metadata.labels?.[LABELS.release]);
}

function holderOf(leases: LiveObjects): string | null {
  const [lease] = leases.objects();
  return (lease?.['spec'] as { readonly holderIdentity?: string } | undefined)?.holderIdentity || null;
}

function isSame(one: Shares, other: Shares): boolean {
  return isDeepStrictEqual(one, other);
}
