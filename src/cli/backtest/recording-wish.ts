/** What is wished to be read out of a recording, and what is said when that can't be. */

import { Fault } from '../../kernel/fault.ts';

export interface RecordingWish {
  /** For messages. */
  readonly file: string;
  /** Labels of the candidate's and of the stable release's series; what is not given is guessed where that is safe. */
  readonly candidate: string | undefined;
  readonly stable: string | undefined;
  /** Labels of the series that count errors, and of those that count all requests. */
  readonly errors: string | undefined;
  readonly total: string | undefined;
  /** Of a history: this rollout alone. */
  readonly rollout: number | undefined;
}

export function notRecording(file: string, why: string): Fault<'cli/not-a-recording'> {
  return new Fault({
    code: 'cli/not-a-recording',
    kind: 'usage',
    message: `${file} is no recording that we know: ${why}.`,
    hint: 'Give what "slipway history --json" prints, an export of Prometheus, or rows of counters; see docs/guide/delivery.md.',
  });
}

export function whichSeries(message: string, hint: string): Fault<'cli/which-series'> {
  return new Fault({ code: 'cli/which-series', kind: 'usage', message, hint });
}
