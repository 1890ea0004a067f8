/** What a bench sees of a cluster: its own watches, which know nothing of whoever is measured. */

import type { AdminClient, ApiObject } from '../../test/cluster/admin-client.ts';

export interface LiveObjects {
  objects(): readonly ApiObject[];
  close(): void;
}

export interface Sight {
  /** Follows one collection, such as `/api/v1/namespaces/x/pods`. */
  follow(path: string): LiveObjects;
  /**
   * Resolves at the first moment at which it holds, told by the clock of this process (`performance.now`). Looked at
   * whenever anything that is followed has changed.
   */
  when(what: string, holds: () => boolean): Promise<number>;
  /** Calls it whenever anything that is followed has changed, before those that wait look. */
  onChange(look: () => void): void;
  close(): void;
}

const PATIENCE = 120_000;

export function createSight(client: AdminClient): Sight {
  const looks = new Set<() => void>();
  const open: LiveObjects[] = [];
  return {
    follow(path) {
      const known = new Map<string, ApiObject>();
      const { close } = client.follow(path, ({ type, object }) => {
        if (type === 'DELETED') known.delete(object.metadata.name);
        else known.set(object.metadata.name, object);
        for (const look of looks) look();
      });
      const live = { objects: () => [...known.values()], close };
      open.push(live);
      return live;
    },
    when(what, holds) {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          looks.delete(look);
          reject(new Error(`waited in vain: ${what}`));
        }, PATIENCE);
        const look = (): void => {
          if (!holds()) return;
          const at = performance.now();
          clearTimeout(timer);
          looks.delete(look);
          resolve(at);
        };
        looks.add(look);
        look();
      });
    },
    onChange: (look) => void looks.add(look),
    close: () => open.forEach((live) => live.close()),
  };
}

export function isReady(pod: ApiObject): boolean {
  const { conditions = [] } = (pod['status'] ?? {}) as { conditions?: readonly { type: string; status: string }[] };
  return (
    pod.metadata.deletionTimestamp === undefined &&
    conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
  );
}

export function imageOf(pod: ApiObject): string {
  return (pod['spec'] as { containers: readonly { image: string }[] }).containers[0]?.image ?? '';
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
