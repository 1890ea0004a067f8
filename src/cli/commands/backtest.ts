/** `slipway backtest FILE`: what each policy would have decided on recorded traffic, and when. */

import { readFileSync } from 'node:fs';
import { type BacktestRow, DEFAULT_JUDGE, type Recording, runBacktest } from '../../delivery/index.ts';
import { Fault, messageOf, systemCodeOf } from '../../kernel/fault.ts';
import { formatDuration } from '../../kernel/quantity.ts';
import { readRecordings } from '../backtest/recording-file.ts';
import type { RecordingWish } from '../backtest/recording-wish.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { harmless, table, type Terminal } from '../terminal.ts';

export interface BacktestOptions extends RecordingWish {
  /** The share of errors that our own judge takes for the SLO. */
  readonly slo: number;
  readonly json: boolean;
}

export function runBacktestCommand(terminal: Terminal, options: BacktestOptions): Promise<ExitCode> {
  const recordings = readRecordings(readText(options.file), options);
  // The false alarm probability is the policy's.
  const settings = { ...DEFAULT_JUDGE, slo: { errors: options.slo, p99: null } };
  const results = recordings.map((recording) => ({ recording, rows: runBacktest(recording, settings) }));
  terminal.print(
    options.json
      ? JSON.stringify({
          recordings: results.map(({ recording, rows }) => ({ ...summaryOf(recording), policies: rows })),
        })
      : results.map(({ recording, rows }) => reportOf(recording, rows, terminal)).join('\n\n'),
  );
  return Promise.resolve(EXIT.ok);
}

interface Summary {
  readonly name: string;
  /** Milliseconds. */
  readonly duration: number;
  readonly looks: number;
  readonly candidate: BacktestRow['seen'];
  readonly stable: BacktestRow['seen'];
}

function summaryOf({ name, looks }: Recording): Summary {
  const sum = (arm: 'candidate' | 'stable', what: 'requests' | 'bad'): number =>
    looks.reduce((total, { counts }) => total + counts[arm][what], 0);
  const sampleOf = (arm: 'candidate' | 'stable'): BacktestRow['seen'] => {
    return { requests: sum(arm, 'requests'), bad: sum(arm, 'bad') };
  };
  return {
    name,
    duration: looks.at(-1)?.at ?? 0,
    looks: looks.length,
    candidate: sampleOf('candidate'),
    stable: sampleOf('stable'),
  };
}

const STYLE = { abort: 'red', promote: 'green', undecided: 'yellow' } as const;

function reportOf(recording: Recording, rows: readonly BacktestRow[], terminal: Terminal): string {
  const { name, duration, looks, candidate, stable } = summaryOf(recording);
  const of = ({ requests, bad }: BacktestRow['seen']): string => `${bad} bad of ${requests}`;
  const beside = recording.hasStable ? `, stable ${of(stable)}` : ', no stable release beside it';
  return [
    terminal.style('bold', harmless(name)),
    `  ${looks} looks in ${formatDuration(duration)}: candidate ${of(candidate)}${beside}`,
    table(
      rows.map(({ policy, decided, after, seen }) => [
        `  ${policy}`,
        terminal.style(STYLE[decided.kind], decided.kind),
        after === null ? '' : `after ${formatDuration(after)}`,
        of(seen),
        terminal.style('dim', harmless(decided.because)),
      ]),
    ),
  ].join('\n');
}

function readText(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    throw new Fault({
      code: 'cli/no-recording',
      kind: 'usage',
      message: `${file} can't be read: ${messageOf(error)}.`,
      hint: 'Give a file, or "-" for standard input.',
      cause: error,
    });
  }
}
