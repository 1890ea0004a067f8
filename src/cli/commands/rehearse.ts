/** `slipway rehearse FILE [--json] [--seeds N]`. */

import { readFileSync } from 'node:fs';
import {
  type Distribution,
  type RehearsalResult,
  rehearseSeeds,
  runRehearsal,
  type SeedsResult,
} from '../../delivery/index.ts';
import { Fault, systemCodeOf } from '../../kernel/fault.ts';
import { formatDuration, formatShare } from '../../kernel/quantity.ts';
import { formatProblems, parseRehearsal } from '../../project/index.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { harmless, table, type Terminal } from '../terminal.ts';

export interface RehearseOptions {
  readonly file: string;
  readonly json: boolean;
  readonly seeds: number | undefined;
}

export async function runRehearse(terminal: Terminal, { file, json, seeds }: RehearseOptions): Promise<ExitCode> {
  const { rehearsal, problems } = await parseRehearsal(readText(file), file);
  if (rehearsal === null) {
    terminal.note(formatProblems(problems, { color: terminal.colour }));
    return EXIT.usage;
  }
  if (seeds !== undefined) {
    const result = await rehearseSeeds(rehearsal, seeds);
    terminal.print(json ? JSON.stringify(result) : seedsReport(result, terminal));
    return result.failures.length === 0 ? EXIT.ok : EXIT.refused;
  }
  const result = await runRehearsal(rehearsal);
  const { ok, timeline, decisions, failures } = result;
  terminal.print(
    json ? JSON.stringify({ ok, timeline, decisions, failures }) : rehearsalReport(rehearsal.name, result, terminal),
  );
  return ok ? EXIT.ok : EXIT.refused;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT' && systemCodeOf(error) !== 'EISDIR') throw error;
    throw new Fault({
      code: 'cli/no-rehearsal',
      kind: 'usage',
      message: `There is no rehearsal file ${file}.`,
      hint: 'See docs/guide/rehearsals.md for what one looks like.',
      cause: error,
    });
  }
}

function rehearsalReport(name: string, result: RehearsalResult, terminal: Terminal): string {
  const rows = result.timeline.map(({ at, phase, reason, step, traffic, ready }) => [
    `  ${formatDuration(at)}`,
    reason === null ? phase : `${phase} (${reason})`,
    step === null ? '' : `step ${step}`,
    named(traffic, (share) => formatShare(share, 2)),
    `ready ${named(ready, String)}`,
  ]);
  const decisions = result.decisions.map(({ at, decision, because }) => [
    `  ${formatDuration(at)}`,
    harmless(decision),
    harmless(because),
  ]);
  const { requests, errors } = result.users;
  const [first] = result.failures;
  const verdict = result.ok
    ? `${terminal.style('green', '✔')} every expectation and every invariant held`
    : `${terminal.style('red', '✘')} at ${formatDuration(first?.at ?? 0)}: ${harmless(first?.message ?? '')}${
        result.failures.length > 1 ? ` (and ${result.failures.length - 1} more)` : ''
      }`;
  return [
    terminal.style('bold', harmless(name)),
    table(rows),
    terminal.style('dim', '  decisions'),
    table(decisions),
    `  users saw ${errors} errors in ${requests} requests`,
    verdict,
  ].join('\n');
}

function named(values: Readonly<Record<string, number>>, format: (value: number) => string): string {
  const parts = Object.entries(values).map(([name, value]) => `${harmless(name)} ${format(value)}`);
  return parts.join('  ') || 'none';
}

function seedsReport({ seeds, outcomes, decision, errors, failures }: SeedsResult, terminal: Terminal): string {
  const came = Object.entries(outcomes).filter(([, count]) => count > 0);
  const spread = ({ mean, median, p90, most }: Distribution, format: (value: number) => string): string =>
    `mean ${format(mean)}, median ${format(median)}, p90 ${format(p90)}, most ${format(most)}`;
  const lines = [
    `${seeds} seeds`,
    table(came.map(([outcome, count]) => [`  ${outcome}`, `${count}`, formatShare(count / seeds)])),
    ...(decision === null ? [] : [`  decided after: ${spread(decision, formatDuration)}`]),
    `  errors seen by users: ${spread(errors, (value) => String(Number(value.toFixed(1))))}`,
    ...failures.slice(0, 5).map(({ seed, message }) => terminal.style('red', `  seed ${seed}: ${harmless(message)}`)),
  ];
  return lines.join('\n');
}
