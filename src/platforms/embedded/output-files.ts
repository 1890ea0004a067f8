/** Bounds what the output of replicas takes on the disk. */

import { copyFileSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

export interface OutputBounds {
  /** A file larger than this is copied to `FILE.1`, in place of the former one, and emptied; in bytes. */
  readonly size: number;
  /** Of so many replicas that have ended the output stays. */
  readonly ended: number;
}

const BOUNDS: OutputBounds = { size: 16 * 1024 * 1024, ended: 20 };

const NAME = /^(?<replica>\d+-[0-9a-f]+)\.(?:stdout|stderr)\.log(?:\.1)?$/;

/** Tidies one folder of output files. What replicas write goes on meanwhile: they append, so they go on at the new end. */
export function tidyOutput(folder: string, living: ReadonlySet<string>, bounds: OutputBounds = BOUNDS): void {
  const newest = new Map<string, number>();
  const files = readdirSync(folder).flatMap((name) => {
    const replica = NAME.exec(name)?.groups?.['replica'];
    const found = replica === undefined ? undefined : statSync(join(folder, name), { throwIfNoEntry: false });
    if (replica === undefined || found === undefined) return [];
    newest.set(replica, Math.max(newest.get(replica) ?? 0, found.mtimeMs));
    return [{ path: join(folder, name), replica, size: found.size }];
  });
  const ended = [...newest].filter(([replica]) => !living.has(replica)).sort(([, one], [, other]) => other - one);
  const forgotten = new Set(ended.slice(bounds.ended).map(([replica]) => replica));
  for (const { path, replica, size } of files) {
    if (forgotten.has(replica)) rmSync(path, { force: true });
    else if (size > bounds.size && path.endsWith('.log')) {
      copyFileSync(path, `${path}.1`);
      truncateSync(path);
    }
  }
}
