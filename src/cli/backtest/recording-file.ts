/** Recorded traffic out of a file, whatever of the forms that we know it has. */

import type { Recording } from '../../delivery/index.ts';
import { recordingOfRows } from './counter-rows.ts';
import { recordingsOfHistory } from './history-recordings.ts';
import { recordingOfRange } from './prometheus-range.ts';
import { notRecording, type RecordingWish } from './recording-wish.ts';

/**
 * A document of `slipway history --json`, a range of Prometheus (`/api/v1/query_range`), or rows of cumulative counters,
 * one JSON object a line.
 *
 * @throws Fault `cli/not-a-recording`, `cli/which-series`, `cli/not-a-selector`.
 */
export function readRecordings(text: string, wish: RecordingWish): readonly Recording[] {
  const whole = jsonOf(text);
  if (isObject(whole) && 'rollouts' in whole) return recordingsOfHistory(whole, wish);
  if (isObject(whole) && 'data' in whole) return [recordingOfRange(whole, wish)];
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const rows = lines.map((line, index) => {
    const row = jsonOf(line);
    if (row === undefined) throw notRecording(wish.file, `line ${index + 1} is no JSON`);
    return row;
  });
  if (rows.length === 0) throw notRecording(wish.file, 'it is empty');
  return [recordingOfRows(rows, wish)];
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
