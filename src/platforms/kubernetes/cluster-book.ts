/** Which environments of this home live on which cluster: a small file of the home, written by its agent alone. */

import { join } from 'node:path';
import * as z from 'zod';
import type { ClusterTarget } from '../../delivery/index.ts';
import { readIfThere, writeFileAtomic } from '../../kernel/workspace.ts';
import { kubernetesFault } from './kubernetes-fault.ts';

export interface BookedCluster {
  readonly cluster: ClusterTarget;
  /** Whether this home drives it by itself when nobody else does. */
  readonly standsBy: boolean;
}

const bookSchema = z.record(
  z.string(),
  z.strictObject({
    cluster: z.strictObject({
      kubeconfig: z.string().nullable(),
      context: z.string().nullable(),
      namespace: z.string(),
    }),
    standsBy: z.boolean(),
  }),
);

export interface ClusterBook {
  keys(): readonly string[];
  /** By key. */
  clusters(): ReadonlyMap<string, ClusterTarget>;
  find(key: string): BookedCluster | undefined;
  /** Durable when it returns. */
  write(key: string, booked: BookedCluster): void;
}

const CLUSTER_BOOK = 'clusters.json';

/** @throws Fault `kubernetes/unreadable-book`. */
export function openClusterBook(home: string): ClusterBook {
  const path = join(home, CLUSTER_BOOK);
  let booked: Readonly<Record<string, BookedCluster>> = read(path);
  return {
    keys: () => Object.keys(booked).sort(),
    clusters: () => new Map(Object.entries(booked).map(([key, { cluster }]) => [key, cluster])),
    find: (key) => booked[key],
    write(key, entry) {
      booked = { ...booked, [key]: entry };
      writeFileAtomic(path, `${JSON.stringify(booked, null, 2)}\n`, 0o600);
    },
  };
}

function read(path: string): Readonly<Record<string, BookedCluster>> {
  const text = readIfThere(path);
  if (text === undefined) return {};
  try {
    return bookSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw kubernetesFault({
      code: 'kubernetes/unreadable-book',
      kind: 'refused',
      message: `${path} does not say which environments live on which cluster any more.`,
      hint: 'Remove it: the environments are known again when their project is used.',
      cause,
    });
  }
}
