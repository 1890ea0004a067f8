/**
 * What is known of followed objects. It comes from three sides (a list, the events of a watch, our own writes), in any
 * order; an object never goes back to what it was before.
 */

import type { KubernetesObject, ObjectQuery } from '../cluster-client.ts';
import type { ObjectList } from './followed-objects.ts';
import type { WatchEvent } from './watch-stream.ts';

export interface ObjectShelf {
  objects(): ReadonlyMap<string, KubernetesObject>;
  /** Everything that there is; returns its version. */
  replace(list: ObjectList): string;
  /** Returns the version that it brings. */
  take(event: WatchEvent): string | null;
  /** Of our own: what a write has answered. */
  learn(object: KubernetesObject): void;
  /** Of our own: it is deleted. */
  forget(name: string, uid: string | undefined): void;
}

export function createObjectShelf(query: ObjectQuery, onChange: () => void): ObjectShelf {
  let objects = new Map<string, KubernetesObject>();
  /** What we have deleted, by uid, until the server has told of it too: events of its last days are still to come. */
  const buried = new Set<string>();
  /** The newest version that the server has told. */
  let reached = '0';

  const put = (object: KubernetesObject): void => {
    const { name, uid } = object.metadata;
    if (uid !== undefined && buried.has(uid)) return;
    const known = objects.get(name);
    if (known !== undefined && !isNewer(object, known)) return;
    objects.set(name, object);
    onChange();
  };
  const drop = (name: string, uid: string | undefined): void => {
    const known = objects.get(name);
    // An object of the same name that was made since is another one.
    if (known === undefined || (uid !== undefined && known.metadata.uid !== uid)) return;
    objects.delete(name);
    onChange();
  };
  return {
    objects: () => objects,
    replace({ metadata, items = [] }) {
      const version = metadata?.resourceVersion ?? '0';
      // Versions only go back when the store of the cluster was restored: then nothing that we know counts.
      const restored = compareVersions(version, reached) < 0;
      const before = restored ? new Map<string, KubernetesObject>() : objects;
      // In a list they do not say what they are.
      const listed = items.map((item) => ({ ...item, apiVersion: query.apiVersion, kind: query.kind }));
      const there = new Set(listed.map(({ metadata: { uid } }) => uid ?? ''));
      for (const uid of buried) if (restored || !there.has(uid)) buried.delete(uid);
      const next = new Map<string, KubernetesObject>();
      for (const object of listed) {
        const { name, uid } = object.metadata;
        const known = before.get(name);
        if (!buried.has(uid ?? '')) next.set(name, known === undefined || isNewer(object, known) ? object : known);
      }
      // What we have made after the list was read is not in it.
      for (const [name, known] of before) {
        if (!next.has(name) && compareVersions(versionOf(known), version) > 0) next.set(name, known);
      }
      objects = next;
      reached = version;
      onChange();
      return version;
    },
    take({ type, object }) {
      const version = versionOf(object);
      if (type === 'DELETED') {
        drop(object.metadata.name, object.metadata.uid);
        buried.delete(object.metadata.uid ?? '');
      } else if (type !== 'BOOKMARK') {
        put(object);
      }
      if (version === '') return null;
      reached = version;
      return version;
    },
    learn(object) {
      if (matches(query, object)) put(object);
      else drop(object.metadata.name, object.metadata.uid);
    },
    forget(name, uid) {
      const known = objects.get(name);
      const gone = uid ?? known?.metadata.uid;
      if (gone !== undefined) buried.add(gone);
      drop(name, uid);
    },
  };
}

function matches({ apiVersion, kind, name, labels = {} }: ObjectQuery, object: KubernetesObject): boolean {
  const of = object.metadata.labels ?? {};
  return (
    object.apiVersion === apiVersion &&
    object.kind === kind &&
    (name === undefined || name === object.metadata.name) &&
    Object.entries(labels).every(([label, value]) => of[label] === value)
  );
}

function versionOf({ metadata }: KubernetesObject): string {
  return metadata.resourceVersion ?? '';
}

function isNewer(one: KubernetesObject, other: KubernetesObject): boolean {
  return compareVersions(versionOf(one), versionOf(other)) > 0;
}

/** Versions are whole numbers, to be compared as such since Kubernetes 1.35 says so, and larger than a double holds. */
function compareVersions(one: string, other: string): number {
  if (one.length !== other.length) return one.length - other.length;
  return one === other ? 0 : one < other ? -1 : 1;
}
