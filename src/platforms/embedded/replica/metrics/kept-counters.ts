/**
 * A process that is ended because a request never ends takes its counters along, and the one request that mattered most is
 * seen by nobody. So they are left in a file, and the next process of the container goes on from them.
 */

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type Counted, OUTCOMES } from './request-counters.ts';

/** Where there is no place to keep them they are lost: the counters start again, and whoever reads them sees that. */
export function keepCounters(path: string, counted: Counted): void {
  try {
    writeFileSync(path, JSON.stringify(counted));
  } catch {
    // The process is about to be killed, and nothing else may keep that from happening.
  }
}

/**
 * What was kept, once: a file that stayed would be older than what was counted since. `null` when there is none, or one of
 * other edges.
 */
export function takeKeptCounters(path: string, edges: readonly number[]): Counted | null {
  try {
    const text = readFileSync(path, 'utf8');
    rmSync(path);
    const kept: unknown = JSON.parse(text);
    return isCounted(kept) && String(kept.edges) === String(edges) ? kept : null;
  } catch {
    return null;
  }
}

function isCounted(value: unknown): value is Counted {
  if (!isRecord(value)) return false;
  const { since, requests, edges, latency, sum } = value;
  if (!isRecord(requests) || !Array.isArray(edges) || !Array.isArray(latency)) return false;
  const numbers = [since, sum, ...edges, ...latency, ...OUTCOMES.map((outcome) => requests[outcome])];
  return latency.length === edges.length + 1 && numbers.every((it) => typeof it === 'number' && it >= 0);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
