/** `slipway deploy [ENVIRONMENT]`: the pipeline, the image into the home (and its registry), then the rollout. */

import type { Digest } from '../../kernel/digest.ts';
import { Fault } from '../../kernel/fault.ts';
import { deploymentsFor, type ProjectEnvironment, whyNowhere } from '../../project/index.ts';
import { ensureAgent, openJournal, type System } from '../../system.ts';
import { EXIT, type ExitCode, tellRefusal } from '../exit.ts';
import { keepImage } from '../keep-image.ts';
import { openSession } from '../pipeline-session.ts';
import { environmentReport, whyReport } from '../report/rollout-report.ts';
import { watchRollout } from '../report/rollout-watch.ts';
import type { Terminal } from '../terminal.ts';
import { type RunScene, runTasks } from '../run-tasks.ts';

export interface DeployOptions {
  readonly environment: string | undefined;
  readonly wait: boolean;
  readonly signal: AbortSignal;
}

export async function runDeploy(system: System, terminal: Terminal, options: DeployOptions): Promise<ExitCode> {
  const { environment, wait, signal } = options;
  const session = await openSession(system, terminal, { signal });
  const scene: RunScene = { system, terminal, session, signal };
  const run = await runTasks(scene);
  if (run.outcome !== 'passed') return run.outcome === 'cancelled' ? EXIT.interrupted : EXIT.refused;
  const image = await keepImage(scene, run);
  return rollOut(scene, { image, environment, wait });
}

interface RollOut {
  readonly image: Digest;
  /** `undefined`: by the branch rules. */
  readonly environment: string | undefined;
  readonly wait: boolean;
}

/** Deploys to each environment in turn; the next one only when the one before it is done. */
export async function rollOut(scene: RunScene, { image, environment, wait }: RollOut): Promise<ExitCode> {
  const { project, revision } = scene.session;
  const deployments =
    environment === undefined ? deploymentsFor(project, revision) : [{ environment, why: 'named', approval: false }];
  if (deployments.length === 0) scene.terminal.print(whyNowhere(project, revision));
  for (const { environment: name, why, approval } of deployments) {
    const target = project.environments.find((it) => it.name === name);
    if (target === undefined) throw noSuchEnvironment(name, project.environments);
    if (approval) {
      // Approvals are not there yet: what needs one waits rather than goes without.
      scene.terminal.print(`${name} (${why}) needs an approval; "slipway deploy ${name}" deploys it when it is given.`);
      return EXIT.waiting;
    }
    const code = await deployTo(scene, { image, target, wait });
    if (code !== EXIT.ok) return code;
  }
  return EXIT.ok;
}

interface Deployment {
  readonly image: Digest;
  readonly target: ProjectEnvironment;
  readonly wait: boolean;
}

async function deployTo({ system, terminal, session, signal }: RunScene, deployment: Deployment): Promise<ExitCode> {
  const { image, target, wait } = deployment;
  const { project, revision } = session;
  const key = `${project.service}/${target.name}`;
  const agent = await ensureAgent(system);
  const answered = await agent.deploy({
    service: project.service,
    environment: target.name,
    image,
    config: target.config,
    revision: { commit: revision.commit, ref: revision.name },
    spec: target.spec,
  });
  const { url } = await agent.router();
  if (!answered.done) return tellRefusal(answered, terminal);
  const { answer, rollout } = answered;
  const address = new URL(url);
  address.hostname = `${project.service}.${target.name}.localhost`;
  terminal.print(`${key}: ${answer}; it answers at ${address.href}`);
  // Nothing to wait for: it is deployed there already, or was asked back to.
  if (!wait || rollout === null) return EXIT.ok;
  const journal = await openJournal(system);
  try {
    const end = await watchRollout({ journal, key, rollout, clock: system.clock, terminal, signal });
    if (end.kind === 'left') return EXIT.interrupted;
    if (end.kind === 'waiting') {
      terminal.print(environmentReport(end.view, system.clock.wall(), terminal));
      return EXIT.waiting;
    }
    terminal.print(whyReport(end.view, end.rollout, terminal));
    return end.rollout.ended?.outcome === 'aborted' ? EXIT.refused : EXIT.ok;
  } finally {
    journal.close();
  }
}

function noSuchEnvironment(name: string, known: readonly ProjectEnvironment[]): Fault<'cli/no-such-environment'> {
  return new Fault({
    code: 'cli/no-such-environment',
    kind: 'usage',
    message: `The project has no environment ${name}.`,
    hint: `It has ${known.map((it) => it.name).join(', ')}.`,
  });
}
