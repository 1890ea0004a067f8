/** A run as a page: what a person sees of the job before they look at its log. */

import { formatDuration } from '../../kernel/quantity.ts';
import { describeReasons, type TaskResult } from '../../pipeline/index.ts';
import { plainLines, unstyled } from './foreign-text.ts';
import type { JobResults, Redact } from './job-results.ts';

/** GitHub takes no more than 1 MiB a step, in which there may be several. */
const LONGEST = 256 * 1024;
const LONGEST_DETAILS = 8000;

const MARKS = { ran: '✅', cached: '🔁', failed: '❌', skipped: '⏭️', cancelled: '🛑' } as const;

/** GitHub-flavoured Markdown. Nothing that a program has said can be more than text in it. */
export function summaryPage(results: JobResults, redact: Redact): string {
  const { service, stage, outcome, duration, revision, tasks } = results;
  const what = stage === null ? 'pipeline' : stage;
  const head = [
    `### ${text(service)}: ${what} ${outcome} in ${formatDuration(duration)}`,
    '',
    `${revision.kind === 'pullRequest' ? 'pull request' : revision.kind} ${text(revision.name)} at ${revision.short}`,
    '',
    '| | task | result | time |',
    '|---|---|---|---|',
  ];
  const rows = tasks.map((task) => row(task, redact));
  const failures = tasks.flatMap((task) => failure(task, redact));
  return withinLimit([...head, ...rows, '', ...failures]);
}

function row(task: TaskResult, redact: Redact): string {
  const time = task.kind === 'cached' ? `from the cache` : formatDuration(task.duration);
  return `| ${MARKS[task.kind]} | ${text(task.task)} | ${text(redact(wordsOf(task)))} | ${time} |`;
}

function wordsOf(task: TaskResult): string {
  switch (task.kind) {
    case 'ran':
      return `${task.summary} (${describeReasons(task.why)})`;
    case 'cached':
    case 'failed':
      return task.summary;
    case 'skipped':
    case 'cancelled':
      return task.because;
  }
}

function failure(task: TaskResult, redact: Redact): readonly string[] {
  if (task.kind !== 'failed' || task.details.length === 0) return [];
  const details = plainLines(unstyled(redact(task.details.join('\n')).slice(0, LONGEST_DETAILS)));
  const longest = Math.max(2, ...details.flatMap((line) => [...line.matchAll(/`+/g)].map(([run]) => run.length)));
  const fence = '`'.repeat(longest + 1);
  const hint = task.hint === null ? [] : [`Hint: ${text(redact(task.hint))}`, ''];
  return [`#### ${text(task.task)}`, '', `${fence}text`, ...details, fence, '', ...hint];
}

/** Characters that Markdown or HTML would take for more than themselves. */
function text(foreign: string): string {
  return plainLines(unstyled(foreign))
    .join(' ')
    .replaceAll(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`)
    .replaceAll(/[\\`*_{}[\]()#!|~@:]/g, (character) => `\\${character}`);
}

function withinLimit(lines: readonly string[]): string {
  let left = LONGEST;
  const fitting = lines.filter((line) => (left -= Buffer.byteLength(line) + 1) > 0);
  return fitting.length === lines.length
    ? lines.join('\n')
    : [...fitting, '', `${lines.length - fitting.length} more lines are in the log.`].join('\n');
}
