/** Who this home is to others that may drive its environments. */

import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { hexOf, sha256 } from '../../kernel/digest.ts';
import { randomIdentifier } from '../../kernel/random.ts';
import { readIfThere, writeFileAtomic } from '../../kernel/workspace.ts';
import type { Driver } from './lease-object.ts';

/**
 * Whoever calls it has the lock of the home. A copy of a home on another machine is another one: both may run at a time,
 * and neither may take the other's agent for a dead one of its own.
 */
export function driverOf(home: string): Driver {
  const path = join(home, 'identity');
  const present = readIfThere(path)?.trim();
  const identity = present || randomIdentifier(16);
  if (!present) writeFileAtomic(path, `${identity}\n`, 0o600);
  const machine = hostname();
  return {
    name: `${userName()}@${machine}`.replaceAll('/', '-'),
    home: hexOf(sha256(`${identity}\0${machine}`)).slice(0, 8),
    pid: process.pid,
  };
}

/** A container may run as a number that nobody has named. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user-${process.getuid?.() ?? 0}`;
  }
}
