/** `slipway history [ENVIRONMENT] [--json]` and `slipway why [ROLLOUT]`. */

import { Fault } from '../../kernel/fault.ts';
import { openJournal, type System } from '../../system.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { historyReport, whyReport } from '../report/rollout-report.ts';
import { chooseEnvironment } from '../target.ts';
import type { Terminal } from '../terminal.ts';

export interface HistoryOptions {
  readonly environment: string | undefined;
  readonly json: boolean;
}

export async function runHistory(system: System, terminal: Terminal, options: HistoryOptions): Promise<ExitCode> {
  const journal = await openJournal(system);
  const view = chooseEnvironment(journal, options.environment);
  journal.close();
  terminal.print(options.json ? JSON.stringify(view.rollouts) : historyReport(view, terminal));
  return EXIT.ok;
}

/** `rollout` is `3`, `staging/3` or `herald/staging/3`; without one the last rollout of the environment. */
export async function runWhy(system: System, terminal: Terminal, rollout: string | undefined): Promise<ExitCode> {
  const journal = await openJournal(system);
  const [, environment, number] = /^(?:(.*)\/)?(\d+)$/.exec(rollout ?? '') ?? [undefined, rollout, undefined];
  const view = chooseEnvironment(journal, environment);
  journal.close();
  const found =
    number === undefined
      ? view.rollouts.at(-1)
      : view.rollouts.find(({ started }) => started.number === Number(number));
  if (found === undefined) {
    throw new Fault({
      code: 'cli/no-such-rollout',
      kind: 'usage',
      message: `${view.key} has no rollout ${number ?? ''}.`.replace(' .', '.'),
      hint: 'See "slipway history".',
    });
  }
  terminal.print(whyReport(view, found, terminal));
  return EXIT.ok;
}
