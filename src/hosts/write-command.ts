/** The line of shell that calls `slipway` for a job, for hosts whose steps are lines of a POSIX shell. */

import type { Job } from './job-graph.ts';

const BARE = /^[\w@%+=:,./-]+$/;

/**
 * @param gate Name of the variable that is set where a person has let the job through; `--approved-by-host` is given only
 *   then. `null`: it is given whenever the command says so.
 */
export function writeCommand({ command, input }: Pick<Job, 'command' | 'input'>, gate: string | null): string {
  const words = ['slipway', ...command].map((word) =>
    gate !== null && word === '--approved-by-host' ? `\${${gate}:+${word}}` : quote(word),
  );
  // The text of a person is never part of the line itself.
  const option = input === null ? [] : [`\${${input.variable}:+${input.option} "$${input.variable}"}`];
  return [...words, ...option].join(' ');
}

function quote(word: string): string {
  return BARE.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
