/**
 * A job of GitHub Actions (docs.github.com, "Workflow commands"). Its runner reads commands in every line of a log, also in
 * those that a test or a compiler has printed, so nothing foreign is written without `quote`.
 */

import { appendFileSync } from 'node:fs';
import { randomIdentifier } from '../../kernel/random.ts';
import { plainLines, unstyled } from './foreign-text.ts';
import type { HostBridge, HostResults, HostWord, JobVariables } from './host-bridge.ts';

export function createGitHubBridge(env: JobVariables): HostBridge {
  const run = env['GITHUB_RUN_ID'] ?? '?';
  return {
    name: 'GitHub',
    colour: true,
    root: env['GITHUB_WORKSPACE'] || null,
    job: `run ${run}`,
    say,
    quote: (text) => plainLines(text).map(harmlessLine).join('\n'),
    publish: (results) => publish(results, env),
    gateOf: (environment) => `the gate of GitHub's environment ${environment} (run ${run})`,
  };
}

function say(word: HostWord): string | null {
  switch (word.kind) {
    case 'open':
      return `::group::${data(word.title)}`;
    case 'close':
      return '::endgroup::';
    case 'mask':
      // The value as it is: the runner hides nothing else.
      return `::add-mask::${escaped(word.value)}`;
    case 'notice':
    case 'warning':
    case 'error':
      return `::${word.kind} title=${property(word.title)}::${data(word.message)}`;
    case 'finding': {
      const { rule, message, place } = word.finding;
      // Columns are shown only within one line.
      const within = place !== null && (place.endLine ?? place.line) === place.line ? place : null;
      const fields: readonly (readonly [string, string | number | null])[] = [
        ['file', place?.file ?? null],
        ['line', place?.line ?? null],
        ['endLine', place?.endLine ?? null],
        ['col', within?.column ?? null],
        ['endColumn', within?.endColumn ?? null],
        ['title', rule],
      ];
      const given = fields.flatMap(([name, value]) => (value === null ? [] : [`${name}=${property(String(value))}`]));
      // Whatever it is called, it has stopped the job.
      return `::error ${given.join(',')}::${data(message)}`;
    }
  }
}

/** As the runner's own toolkit escapes what stands after the last `::`. */
function escaped(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function data(text: string): string {
  return escaped(unstyled(text).replaceAll('##[', '## ['));
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** The runner trims a line before it looks for `::`, and looks for the older `##[` anywhere in it. */
function harmlessLine(line: string): string {
  const shown = /^[\p{C}\p{Z}\s]*::/u.test(unstyled(line)) ? `> ${line}` : line;
  return shown.replaceAll('##[', '## [');
}

function publish({ summary, outputs }: HostResults, env: JobVariables): void {
  const [summaryFile, outputFile] = [env['GITHUB_STEP_SUMMARY'], env['GITHUB_OUTPUT']];
  if (summaryFile && summary !== '') appendFileSync(summaryFile, `${summary}\n`);
  const entries = Object.entries(outputs);
  if (outputFile && entries.length > 0) appendFileSync(outputFile, entries.map(outputEntry).join(''));
}

/** Between lines that nobody can guess, so that a value of several lines sets nothing else. */
function outputEntry([name, value]: readonly [string, string]): string {
  const delimiter = `end-${randomIdentifier(32)}`;
  return `${name}<<${delimiter}\n${value}\n${delimiter}\n`;
}
