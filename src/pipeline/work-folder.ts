/** Where tasks of one run leave their output until it is kept: a folder in the cache, so that keeping is renaming. */

import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { shortDigest, sha256 } from '../kernel/digest.ts';
import { randomIdentifier } from '../kernel/random.ts';
import { identifyProcess } from '../kernel/subprocess.ts';

export interface WorkFolder {
  /** A new empty folder. */
  fresh(): string;
  remove(folder: string): void;
  /** Removes all. */
  close(): void;
}

/** Also removes what runs of this machine have left that ended by force. */
export function createWorkFolder(cacheFolder: string): WorkFolder {
  const parent = join(cacheFolder, 'work');
  const host = shortDigest(sha256(hostname()));
  removeLeftovers(parent, host);
  const own = join(parent, `${host}-${process.pid}-${identifyProcess(process.pid)?.started}-${randomIdentifier(8)}`);
  let made = 0;
  return {
    fresh() {
      made += 1;
      const folder = join(own, String(made));
      mkdirSync(folder, { recursive: true });
      return folder;
    },
    remove(folder) {
      rmSync(folder, { recursive: true, force: true });
    },
    close() {
      rmSync(own, { recursive: true, force: true });
    },
  };
}

function removeLeftovers(parent: string, thisHost: string): void {
  mkdirSync(parent, { recursive: true });
  for (const name of readdirSync(parent)) {
    const [host, pid, started] = name.split('-');
    if (host !== thisHost || identifyProcess(Number(pid))?.started === started) continue;
    rmSync(join(parent, name), { recursive: true, force: true });
  }
}
