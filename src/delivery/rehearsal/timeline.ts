/** The rows of a timeline: one for every change. */

import type { TimelineRow } from './rehearsal-result.ts';

export interface Timeline {
  add(row: TimelineRow): void;
  rows(): readonly TimelineRow[];
}

export function createTimeline(): Timeline {
  const rows: TimelineRow[] = [];
  return {
    add(row) {
      const last = rows.at(-1);
      if (last === undefined || !sameSight(last, row)) rows.push(row);
    },
    rows: () => rows,
  };
}

/** Whether two rows differ in nothing but their time. */
function sameSight(one: TimelineRow, other: TimelineRow): boolean {
  return (
    one.phase === other.phase &&
    one.reason === other.reason &&
    one.step === other.step &&
    sameValues(one.traffic, other.traffic) &&
    sameValues(one.ready, other.ready)
  );
}

function sameValues(one: Readonly<Record<string, number>>, other: Readonly<Record<string, number>>): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}
