/** An API server in memory, as far as the port `ClusterClient` goes: resource versions, conflicts, watches. */

import type {
  ClusterClient,
  FollowedObjects,
  KubernetesObject,
  ObjectQuery,
  ObjectReference,
} from '../../src/platforms/kubernetes/cluster-client.ts';
import { kubernetesFault } from '../../src/platforms/kubernetes/kubernetes-fault.ts';

export interface MemoryCluster {
  /** One of several machines that talk to it. */
  client(): ClusterClient;
  /** What is there, by `kind/name`. */
  readonly objects: Map<string, KubernetesObject>;
  /** Nothing answers. */
  unreachable: boolean;
  /** The next write is done, and its answer is lost. */
  losesNextAnswer: boolean;
  writes: number;
}

export function createMemoryCluster(namespace = 'test'): MemoryCluster {
  let version = 0;
  const listeners = new Set<() => void>();
  const idOf = ({ kind, name }: { readonly kind: string; readonly name: string }): string => `${kind}/${name}`;
  const changed = (): void => void Promise.resolve().then(() => listeners.forEach((listener) => listener()));

  const put = (object: KubernetesObject): KubernetesObject => {
    version += 1;
    const id = idOf({ kind: object.kind, name: object.metadata.name });
    const { uid = `uid-${version}` } = cluster.objects.get(id)?.metadata ?? {};
    // What goes over the wire is JSON.
    const stored = JSON.parse(
      JSON.stringify({ ...object, metadata: { ...object.metadata, namespace, uid, resourceVersion: String(version) } }),
    ) as KubernetesObject;
    cluster.objects.set(id, stored);
    cluster.writes += 1;
    changed();
    return stored;
  };
  const matching = ({ kind, labels = {}, name }: ObjectQuery): ReadonlyMap<string, KubernetesObject> => {
    const found = [...cluster.objects.values()].filter(
      (object) =>
        object.kind === kind &&
        (name === undefined || object.metadata.name === name) &&
        Object.entries(labels).every(([label, value]) => object.metadata.labels?.[label] === value),
    );
    return new Map(found.map((object) => [object.metadata.name, object]));
  };
  const client: ClusterClient = {
    namespace,
    async read(reference: ObjectReference) {
      if (cluster.unreachable) throw unreachable();
      return cluster.objects.get(idOf(reference)) ?? null;
    },
    async write(object, { kind }) {
      if (cluster.unreachable) throw unreachable();
      const present = cluster.objects.get(idOf({ kind: object.kind, name: object.metadata.name }));
      if (kind === 'create' ? present !== undefined : !isSame(object, present)) throw isChanged();
      const written = put(object);
      if (!cluster.losesNextAnswer) return written;
      cluster.losesNextAnswer = false;
      throw unreachable();
    },
    async remove(reference) {
      if (cluster.unreachable) throw unreachable();
      changed();
      return cluster.objects.delete(idOf(reference));
    },
    follow(query): FollowedObjects {
      const mine = new Set<() => void>();
      return {
        ready: () => Promise.resolve(),
        objects: () => matching(query),
        brokenSince: () => null,
        trouble: () => null,
        onChange(listener) {
          mine.add(listener);
          listeners.add(listener);
          return () => void listeners.delete(listener);
        },
        close: () => mine.forEach((listener) => listeners.delete(listener)),
      };
    },
    logs() {
      throw new Error('nothing runs here');
    },
  };
  const cluster: MemoryCluster = {
    client: () => client,
    objects: new Map(),
    unreachable: false,
    losesNextAnswer: false,
    writes: 0,
  };
  return cluster;
}

function isSame(object: KubernetesObject, present: KubernetesObject | undefined): boolean {
  return present !== undefined && present.metadata.resourceVersion === object.metadata.resourceVersion;
}

function isChanged(): Error {
  return kubernetesFault({ code: 'kubernetes/changed', kind: 'refused', message: 'It has changed.', hint: 'Read it.' });
}

function unreachable(): Error {
  return kubernetesFault({ code: 'kubernetes/unreachable', kind: 'unreachable', message: 'No answer.', hint: 'Wait.' });
}
