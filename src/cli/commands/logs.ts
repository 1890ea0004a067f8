/** `slipway logs [ENVIRONMENT] [-f]`. */

import { formatDuration } from '../../kernel/quantity.ts';
import { openJournal, readLogs, readPodLogs, type ServiceLogLine, type System } from '../../system.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { introduceClusters } from '../introduce-clusters.ts';
import { chooseEnvironment } from '../target.ts';
import { harmless, type Terminal } from '../terminal.ts';

export interface LogsOptions {
  readonly environment: string | undefined;
  readonly follow: boolean;
  readonly signal: AbortSignal;
}

/** How many of the newest lines of each file are shown before following. */
const LAST = 200;

export async function runLogs(system: System, terminal: Terminal, options: LogsOptions): Promise<ExitCode> {
  const { environment, follow, signal } = options;
  await introduceClusters(system, terminal, environment);
  const journal = await openJournal(system);
  const { key, now } = chooseEnvironment(journal, environment);
  journal.close();
  const releases = Object.entries(now?.shares ?? {}).flatMap(([release, share]) =>
    share > 0 ? [Number(release)] : [],
  );
  const pods = await readPodLogs(system, { key, releases, last: LAST, follow, signal });
  if (pods !== undefined) {
    for await (const { release, pod, text } of pods) {
      terminal.print(`${terminal.style('cyan', `#${release} ${pod}`)}  ${harmless(text)}`);
    }
    return signal.aborted ? EXIT.interrupted : EXIT.ok;
  }
  for await (const line of await readLogs(system, { key, last: LAST, follow, signal })) {
    terminal.print(textOf(line, terminal));
  }
  return signal.aborted ? EXIT.interrupted : EXIT.ok;
}

function textOf(line: ServiceLogLine, terminal: Terminal): string {
  if (line.kind !== 'request') {
    const name = `#${line.release} ${line.replica} ${line.kind}`;
    const what = `${terminal.style(line.kind === 'stderr' ? 'yellow' : 'cyan', name)}  ${harmless(line.text)}`;
    return line.at === null ? what : `${terminal.style('dim', new Date(line.at).toISOString())}  ${what}`;
  }
  const { at, id, method, path, status, release, ms, outcome, source } = line.request;
  const bad = status === null || status >= 500;
  return [
    terminal.style('dim', new Date(at).toISOString()),
    release === null ? '#-' : `#${release}`,
    terminal.style(bad ? 'red' : 'green', String(status ?? '---')),
    method,
    harmless(path),
    formatDuration(ms),
    ...(outcome === 'ok' ? [] : [outcome]),
    // What no user has seen must not look as if one had.
    ...(source === undefined ? [] : [source]),
    terminal.style('dim', harmless(id)),
  ].join('  ');
}
