/** A job of GitLab CI/CD (docs.gitlab.com, "CI/CD job logs": sections that are folded). */

import { plainLines } from './foreign-text.ts';
import type { HostBridge, HostWord, JobVariables } from './host-bridge.ts';

/** Clears the line, so that the mark itself is not seen. Nothing foreign gets past `quote` with an escape in it. */
const CLEAR = '\r\u001b[0K';

export function createGitLabBridge(env: JobVariables): HostBridge {
  const job = env['CI_JOB_ID'] ?? '?';
  const person = env['GITLAB_USER_LOGIN'];
  return {
    name: 'GitLab',
    colour: true,
    root: env['CI_PROJECT_DIR'] || null,
    job: `job ${job}`,
    say,
    quote: (text) => plainLines(text).join('\n'),
    // It takes reports from files that the job names.
    publish: () => undefined,
    gateOf: (environment) =>
      `the gate of GitLab's environment ${environment} (job ${job}${person ? `, started by ${person}` : ''})`,
  };
}

function say(word: HostWord): string | null {
  switch (word.kind) {
    case 'open':
      return `\u001b[0Ksection_start:${seconds(word.at)}:${sectionName(word.section)}[collapsed=true]${CLEAR}${plainLines(word.title).join(' ')}`;
    case 'close':
      return `\u001b[0Ksection_end:${seconds(word.at)}:${sectionName(word.section)}${CLEAR}`;
    // A report shows findings at their lines, values are hidden by our own output alone, and the rest is in the log.
    case 'finding':
    case 'mask':
    case 'notice':
    case 'warning':
    case 'error':
      return null;
  }
}

function seconds(wall: number): number {
  return Math.floor(wall / 1000);
}

/** "only letters, numbers, and the _, ., or - characters" */
function sectionName(text: string): string {
  return text.replaceAll(/[^\w.-]/g, '_');
}
