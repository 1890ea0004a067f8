/** The port to the API server: everything that this folder asks of a cluster goes through it. */

import type { Json } from '../../kernel/digest.ts';

/** An object as the API server gives and takes it. What lies below `metadata` is plain JSON that its reader must check. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMetadata;
  readonly [field: string]: Json | ObjectMetadata | undefined;
}

export interface ObjectMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  /** In an object that is written: write only if it is still this one. */
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

/** A kind of object: `{ apiVersion: 'apps/v1', kind: 'Deployment' }`. */
export interface ObjectKind {
  readonly apiVersion: string;
  readonly kind: string;
}

export interface ObjectReference extends ObjectKind {
  readonly name: string;
}

export interface ObjectQuery extends ObjectKind {
  /** All of them must match; none: every object of the kind in the namespace. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Only the object of this name. */
  readonly name?: string;
}

/**
 * `apply`: server-side apply with our field manager, never by force, unknown fields refused; with `force` also fields
 * that another manager holds. `create` fails when it is there; `replace` needs the `resourceVersion` that was read.
 * `merge`: a merge patch of an object that is there, for labels of pods that others own.
 * `dry`: the server checks it as if it were meant, and keeps nothing.
 */
export type WriteMode = {
  readonly kind: 'apply' | 'create' | 'replace' | 'merge';
  readonly force?: boolean;
  readonly dry?: boolean;
};

/**
 * One namespace of one cluster. Calls may overlap. Each is bounded in time, waits and repeats where the server says that
 * it has too much to do (429), and throws a Fault `kubernetes/…` for everything that it can't do.
 */
export interface ClusterClient {
  readonly namespace: string;
  /** `null`: it is not there. */
  read(reference: ObjectReference, signal?: AbortSignal): Promise<KubernetesObject | null>;
  /** Returns the object as it is then. */
  write(object: KubernetesObject, mode: WriteMode, signal?: AbortSignal): Promise<KubernetesObject>;
  /** Whether it was there; with `uid` only that very one. What it owns goes in the background. */
  remove(reference: ObjectReference & { readonly uid?: string }, signal?: AbortSignal): Promise<boolean>;
  /** Objects that are kept up to date by a watch, which goes on through 410, 409, 429 and a restarted server. */
  follow(query: ObjectQuery): FollowedObjects;
  /** What a container has said. */
  logs(pod: string, options: PodLogOptions): AsyncIterable<string>;
}

export interface PodLogOptions {
  readonly follow: boolean;
  /** Only the last so many lines that were there. */
  readonly tail: number;
  readonly signal?: AbortSignal;
}

export interface FollowedObjects {
  /** Resolves when the first list is there; rejects with the Fault that kept it away, or when the signal aborts. */
  ready(signal?: AbortSignal): Promise<void>;
  /** What is known now, by name. */
  objects(): ReadonlyMap<string, KubernetesObject>;
  /** Milliseconds (monotonic) since when the watch has been broken; `null`: it is well. */
  brokenSince(): number | null;
  /** Why it is broken, as it was last told; `null`: it is well. */
  trouble(): Error | null;
  /** Called soon after something changed. Returns the end of it. */
  onChange(listener: () => void): () => void;
  close(): void;
}
