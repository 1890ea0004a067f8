/** `slipway status [ENVIRONMENT] [--watch] [--json]`. */

import { createEnvironmentFold, type EnvironmentView, readEnvironments } from '../../delivery/index.ts';
import type { Journal } from '../../journal/index.ts';
import { agentClient, openJournal, type System } from '../../system.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { createLiveArea } from '../live-area.ts';
import { environmentReport } from '../report/rollout-report.ts';
import { introduceClusters } from '../introduce-clusters.ts';
import { chooseEnvironment } from '../target.ts';
import type { Terminal } from '../terminal.ts';

export interface StatusOptions {
  readonly environment: string | undefined;
  readonly watch: boolean;
  readonly json: boolean;
  readonly signal: AbortSignal;
}

export async function runStatus(system: System, terminal: Terminal, options: StatusOptions): Promise<ExitCode> {
  await introduceClusters(system, terminal, options.environment);
  const journal = await openJournal(system);
  if (options.watch) return watch({ system, terminal, journal }, options);
  const views = viewsOf(journal, options.environment);
  if (options.json) {
    terminal.print(
      JSON.stringify(
        views.map(({ key, now, trouble, releases, rollouts }) => {
          const last = rollouts.at(-1) ?? null;
          return { key, now, trouble, releases, last };
        }),
      ),
    );
  } else {
    if (views.length === 0) terminal.print('Nothing is deployed from this home yet; "slipway deploy" does.');
    for (const view of views) terminal.print(environmentReport(view, system.clock.wall(), terminal));
    const agent = await agentClient(system);
    if (views.length > 0 && (await agent.info()) === null) {
      terminal.note(
        'No agent runs in this home: requests are served, rollouts stand still. "slipway serve" starts one.',
      );
    }
  }
  journal.close();
  return EXIT.ok;
}

function viewsOf(journal: Journal, environment: string | undefined): readonly EnvironmentView[] {
  if (environment !== undefined) return [chooseEnvironment(journal, environment)];
  return [...readEnvironments(journal).values()].filter((view) => view.now !== null && !view.removed);
}

interface Scene {
  readonly system: System;
  readonly terminal: Terminal;
  readonly journal: Journal;
}

/** Redraws on each change until it is interrupted; without a terminal one line per change. */
async function watch({ system, terminal, journal }: Scene, { environment, signal }: StatusOptions): Promise<ExitCode> {
  const { key } = chooseEnvironment(journal, environment);
  const fold = createEnvironmentFold();
  const area = createLiveArea(terminal);
  const draw = (): void => {
    const view = fold.views().get(key);
    if (view === undefined) return;
    area.draw(environmentReport(view, system.clock.wall(), terminal).split('\n'));
  };
  const end = journal.subscribe(0, (fresh) => {
    fold.add(fresh.filter((entry) => entry.subject === key));
    draw();
  });
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  end();
  journal.close();
  return EXIT.interrupted;
}
