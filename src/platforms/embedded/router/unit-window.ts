/**
 * Counting by unit of assignment: a key that stays at one release counts once in each second, as bad if any of its
 * requests was, with the time of the slowest. One user's retry storm is then one trial, as the judge needs it
 * (facts/rollouts.md section 9.9). A second is counted when it is over: before, a unit can still turn bad.
 */

import { countUnit, type Tally } from './tally.ts';

export interface UnitWindow {
  /** Adds a request that has ended. */
  add(unit: UnitRequest, now: number): void;
  /** Counts the seconds that are over. */
  settle(now: number): void;
}

export interface UnitRequest {
  readonly release: number;
  readonly source: string;
  /** Where its key falls; `null`: it was dealt alone and is a unit of its own. */
  readonly bucket: number | null;
  readonly tally: Tally;
  readonly bad: boolean;
  readonly milliseconds: number;
}

interface Unit {
  tally: Tally;
  bad: boolean;
  milliseconds: number;
}

const SECOND = 1000;

export function createUnitWindow(): UnitWindow {
  let second = 0;
  const units = new Map<string, Unit>();

  const settle = (now: number): void => {
    const present = Math.floor(now / SECOND);
    if (present === second) return;
    second = present;
    for (const { tally, bad, milliseconds } of units.values()) countUnit(tally, bad, milliseconds);
    units.clear();
  };
  return {
    settle,
    add({ release, source, bucket, tally, bad, milliseconds }, now) {
      settle(now);
      if (bucket === null) return countUnit(tally, bad, milliseconds);
      const place = `${release} ${source} ${bucket}`;
      const unit = units.get(place);
      if (unit === undefined) return void units.set(place, { tally, bad, milliseconds });
      // The replica that made it bad is shown as bad.
      if (bad && !unit.bad) unit.tally = tally;
      unit.bad ||= bad;
      unit.milliseconds = Math.max(unit.milliseconds, milliseconds);
    },
  };
}
