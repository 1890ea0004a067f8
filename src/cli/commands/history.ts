/** `slipway history [ENVIRONMENT] [--json]` and `slipway why [ROLLOUT]`. */

import { readRecords } from '../../delivery/index.ts';
import { Fault } from '../../kernel/fault.ts';
import { openJournal, type System } from '../../system.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { historyDocument } from '../report/history-document.ts';
import { historyReport } from '../report/rollout-report.ts';
import { whyReport } from '../report/why-report.ts';
import { introduceClusters } from '../introduce-clusters.ts';
import { chooseEnvironment } from '../target.ts';
import type { Terminal } from '../terminal.ts';

export interface HistoryOptions {
  readonly environment: string | undefined;
  readonly json: boolean;
}

export async function runHistory(system: System, terminal: Terminal, options: HistoryOptions): Promise<ExitCode> {
  await introduceClusters(system, terminal, options.environment);
  const journal = await openJournal(system);
  const view = chooseEnvironment(journal, options.environment);
  const records = options.json ? readRecords(journal, view.key) : [];
  journal.close();
  terminal.print(options.json ? JSON.stringify(historyDocument(view.key, records)) : historyReport(view, terminal));
  return EXIT.ok;
}

/** `rollout` is `3`, `staging/3` or `herald/staging/3`; without one the last rollout of the environment. */
export async function runWhy(system: System, terminal: Terminal, rollout: string | undefined): Promise<ExitCode> {
  const [, environment, number] = /^(?:(.*)\/)?(\d+)$/.exec(rollout ?? '') ?? [undefined, rollout, undefined];
  await introduceClusters(system, terminal, environment);
  const journal = await openJournal(system);
  const view = chooseEnvironment(journal, environment);
  const wanted = number === undefined ? view.rollouts.at(-1)?.started.number : Number(number);
  const record = wanted === undefined ? undefined : readRecords(journal, view.key, wanted)[0];
  journal.close();
  if (record === undefined) {
    throw new Fault({
      code: 'cli/no-such-rollout',
      kind: 'usage',
      message: `${view.key} has no rollout ${number ?? ''}.`.replace(' .', '.'),
      hint: 'See "slipway history".',
    });
  }
  terminal.print(whyReport(record, terminal));
  return EXIT.ok;
}
