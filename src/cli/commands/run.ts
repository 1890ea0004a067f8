/** `slipway run [STAGE] [--deploy] [--no-push] [--json] [--reports DIR]`. */

import { Fault } from '../../kernel/fault.ts';
import { type StageName, STAGES } from '../../pipeline/index.ts';
import type { System } from '../../system.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { openSession } from '../pipeline-session.ts';
import { keepImage } from '../keep-image.ts';
import { type RunScene, runTasks } from '../run-tasks.ts';
import { inCi, type Terminal } from '../terminal.ts';

export interface RunOptions {
  readonly stage: string | undefined;
  readonly deploy: boolean;
  /** Whether the image goes to the registry that the project names. */
  readonly push: boolean;
  readonly json: boolean;
  /** Where reports for a CI system go. */
  readonly reports?: string | undefined;
  readonly signal: AbortSignal;
}

export async function runRun(system: System, terminal: Terminal, options: RunOptions): Promise<ExitCode> {
  const stage = parseStage(options.stage);
  const session = await openSession(system, terminal, options);
  const { signal, reports } = options;
  const scene: RunScene = { system, terminal, session, signal, ...(reports === undefined ? {} : { reports }) };
  const run = await runTasks(scene, stage);
  if (options.json) {
    const { id, outcome, results, duration } = run;
    terminal.print(JSON.stringify({ id, outcome, duration, results, revision: session.revision }));
  }
  if (run.outcome === 'cancelled') return EXIT.interrupted;
  if (run.outcome === 'failed') return EXIT.refused;
  if (stage !== undefined && stage !== 'package' && stage !== 'deploy') return EXIT.ok;
  const image = await keepImage(scene, run, options.push);
  const byItself = stage === undefined && (terminal.host !== undefined || inCi(system.env));
  if (!options.deploy && stage !== 'deploy' && !byItself) return EXIT.ok;
  const { rollOut } = await import('./deploy.ts');
  return rollOut(scene, { image, environment: undefined, wait: true });
}

function parseStage(text: string | undefined): StageName | undefined {
  if (text === undefined) return undefined;
  const stage = STAGES.find((name) => name === text);
  if (stage !== undefined) return stage;
  throw new Fault({
    code: 'cli/unknown-stage',
    kind: 'usage',
    message: `There is no stage ${text}.`,
    hint: `Stages are ${STAGES.join(', ')}.`,
  });
}
