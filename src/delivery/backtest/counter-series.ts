/** From cumulative counters, as a monitoring system keeps them, to what was counted between its samples. */

import type { Recording, RecordedLook, Sample } from './recording.ts';

/** One cumulative counter. A value lower than the one before it means that the counting process began anew. */
export interface CounterSeries {
  readonly arm: 'candidate' | 'stable';
  /** Whether what it counts is bad; bad requests are counted in a series that is not, too, unless `apart`. */
  readonly counts: 'all' | 'bad';
  /** Milliseconds of wall time and values, in order of time; values that are no finite number are passed over. */
  readonly samples: readonly (readonly [at: number, value: number])[];
}

/**
 * What was counted at each sampled instant. A series that is there from the first instant of all begins with that value
 * as its base; one that appears later was not there before, so all of its first value is new: the first error of a
 * release makes a series, and `rate()` loses it.
 */
export function recordingOf(name: string, series: readonly CounterSeries[]): Recording {
  const instants = [...new Set(series.flatMap(({ samples }) => samples.map(([at]) => at)))].sort((a, b) => a - b);
  const start = instants[0] ?? 0;
  const looks = new Map(instants.slice(1).map((at) => [at, emptyLook(at - start)]));
  for (const { arm, counts, samples } of series) {
    let before: number | null = null;
    for (const [at, value] of samples) {
      if (!Number.isFinite(value)) continue;
      const base: number = before ?? (at === start ? value : 0);
      before = value;
      const look = looks.get(at);
      if (look !== undefined) look[arm][counts] += value < base ? value : value - base;
    }
  }
  return {
    name,
    hasStable: series.some(({ arm }) => arm === 'stable'),
    looks: [...looks.values()].map(({ at, candidate, stable }): RecordedLook => ({
      at,
      counts: { candidate: sampleOf(candidate), stable: sampleOf(stable) },
    })),
  };
}

interface OpenLook {
  readonly at: number;
  readonly candidate: { all: number; bad: number };
  readonly stable: { all: number; bad: number };
}

function emptyLook(at: number): OpenLook {
  return { at, candidate: { all: 0, bad: 0 }, stable: { all: 0, bad: 0 } };
}

/** Errors and totals are sampled one after another, so for a moment there may be more of the former. */
function sampleOf({ all, bad }: { readonly all: number; readonly bad: number }): Sample {
  return { requests: Math.round(Math.max(all, bad)), bad: Math.round(bad) };
}
