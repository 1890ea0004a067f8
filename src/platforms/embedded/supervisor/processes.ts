/**
 * Finds our processes in `/proc` by the environment variable that each was started with. The system's own list can't
 * miss a child that was started just before a crash, and names no process that only has the same number.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { identifyProcess, type ProcessIdentity } from '../../../kernel/subprocess.ts';

export interface FoundProcess {
  readonly identity: ProcessIdentity;
  /** Value of the variable. */
  readonly value: string;
}

/** Live processes of which `variable` starts with `prefix`, the oldest first. Those of other users are not seen. */
export function findProcesses(variable: string, prefix: string): readonly FoundProcess[] {
  const wanted = `${variable}=${prefix}`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const setting = environmentOf(name).find((text) => text.startsWith(wanted));
      const identity = setting === undefined ? undefined : identifyProcess(Number(name));
      return setting === undefined || identity === undefined
        ? []
        : [{ identity, value: setting.slice(variable.length + 1) }];
    })
    .sort((one, other) => Number(one.identity.started) - Number(other.identity.started));
}

function environmentOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    // Gone in between, or of another user.
    return [];
  }
}

/** Resident memory of a process in bytes; 0 when it is gone. */
export function residentMemory(pid: number): number {
  try {
    const match = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(match?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
