/** `slipway deploy [ENVIRONMENT]`: the pipeline, the image into the home (and its registry), then the rollout. */

import { type EnvironmentView, readRecords, type RolloutView } from '../../delivery/index.ts';
import type { Digest } from '../../kernel/digest.ts';
import { Fault } from '../../kernel/fault.ts';
import { deploymentsFor, type ProjectEnvironment, whyNowhere } from '../../project/index.ts';
import type { AgentClient, DeployRequest } from '../../server/index.ts';
import {
  agentClient,
  clusterAddress,
  clusterTarget,
  ensureAgent,
  keepSecrets,
  openJournal,
  type System,
} from '../../system.ts';
import { completeSpec } from '../complete-spec.ts';
import { EXIT, type ExitCode, tellRefusal } from '../exit.ts';
import { approveByHost, requireHost } from '../host-gate.ts';
import { introduceClusters } from '../introduce-clusters.ts';
import { keepImage } from '../keep-image.ts';
import { openSession } from '../pipeline-session.ts';
import { countingNote } from '../report/counting-note.ts';
import { environmentReport } from '../report/rollout-report.ts';
import { whyReport } from '../report/why-report.ts';
import { watchRollout } from '../report/rollout-watch.ts';
import { inCi, type Terminal } from '../terminal.ts';
import { wasmArtifact } from '../wasm-artifact.ts';
import { type RunScene, runTasks } from '../run-tasks.ts';

export interface DeployOptions {
  readonly environment: string | undefined;
  readonly wait: boolean;
  /** Whether the image goes to the registry that the project names. */
  readonly push: boolean;
  /** The gate of a CI system has let this job through to the environment. */
  readonly approvedByHost: boolean;
  readonly signal: AbortSignal;
}

export async function runDeploy(system: System, terminal: Terminal, options: DeployOptions): Promise<ExitCode> {
  const { environment, wait, push, approvedByHost, signal } = options;
  if (approvedByHost) requireHost(terminal, environment);
  const session = await openSession(system, terminal, { signal });
  const scene: RunScene = { system, terminal, session, signal };
  const run = await runTasks(scene);
  if (run.outcome !== 'passed') return run.outcome === 'cancelled' ? EXIT.interrupted : EXIT.refused;
  const image = await keepImage(scene, run, push);
  return rollOut(scene, { image, environment, wait, approvedByHost });
}

interface RollOut {
  readonly image: Digest;
  /** `undefined`: by the branch rules. */
  readonly environment: string | undefined;
  readonly wait: boolean;
  readonly approvedByHost?: boolean;
}

/** Deploys to each environment in turn; the next one only when the one before it is done. */
export async function rollOut(scene: RunScene, { environment, ...wish }: RollOut): Promise<ExitCode> {
  const { project, revision } = scene.session;
  const ruled = deploymentsFor(project, revision);
  const names = environment === undefined ? ruled.map((one) => one.environment) : [environment];
  if (names.length === 0) scene.terminal.print(whyNowhere(project, revision));
  for (const name of names) {
    const target = project.environments.find((it) => it.name === name);
    if (target === undefined) throw noSuchEnvironment(name, project.environments);
    const approved = ruled.some((one) => one.environment === name && one.approval);
    const code = await deployTo(scene, { ...wish, target: approved ? withApproval(target) : target });
    if (code !== EXIT.ok) return code;
  }
  return EXIT.ok;
}

/** On some ways into an environment somebody must approve even where the environment itself asks nobody. */
function withApproval(target: ProjectEnvironment): ProjectEnvironment {
  const { approval } = target.spec;
  return { ...target, spec: { ...target.spec, approval: { ...approval, count: Math.max(1, approval.count) } } };
}

interface Deployment {
  readonly image: Digest;
  readonly target: ProjectEnvironment;
  readonly wait: boolean;
  readonly approvedByHost?: boolean;
}

/** A job of a CI system that has done its part leaves the environment to whoever goes on: nobody waits for its Lease. */
async function deployTo(scene: RunScene, deployment: Deployment): Promise<ExitCode> {
  const { system, terminal, session } = scene;
  const { target, wait } = deployment;
  try {
    return await deployAndFollow(scene, deployment);
  } finally {
    const inJob = terminal.host !== undefined || inCi(system.env);
    if (inJob && wait && target.platform.kind === 'kubernetes') {
      const agent = await agentClient(system);
      await agent.letGo(`${session.project.service}/${target.name}`).catch(() => undefined);
    }
  }
}

async function deployAndFollow(scene: RunScene, deployment: Deployment): Promise<ExitCode> {
  const { system, terminal } = scene;
  const { project } = scene.session;
  const { target, wait } = deployment;
  const key = `${project.service}/${target.name}`;
  const request = await requestFor(scene, deployment);
  const agent = await ensureAgent(system);
  // Whether an image is well there, others may know better than this home.
  for (const need of target.needs) await introduceClusters(system, terminal, `${project.service}/${need}`);
  const answered = await agent.deploy(request);
  if (!answered.done) return tellRefusal(answered, terminal);
  const { answer, rollout, queued } = answered;
  terminal.print(`${key}: ${answer}; it answers at ${await addressOf(agent, request)}`);
  const note = rollout === null ? null : countingNote(request.spec);
  if (note !== null) terminal.note(`${terminal.style('yellow', 'note')} ${note}`);
  // Nothing to wait for: it is deployed there already, or was asked back to.
  if (rollout === null) return EXIT.ok;
  const asked = deployment.approvedByHost === true && target.spec.approval.count > 0;
  const approve = (its: string): Promise<void> =>
    asked ? approveByHost(scene, agent, { key, environment: target.name, rollout: its }) : Promise.resolve();
  if (queued === null) await approve(rollout);
  return wait ? follow(scene, { key, rollout, queued, approve }) : EXIT.ok;
}

/** Where users get the answers of an environment. */
async function addressOf(agent: AgentClient, { service, environment, spec }: DeployRequest): Promise<string> {
  if (spec.kubernetes !== undefined) return clusterAddress(`${service}/${environment}`, spec.kubernetes);
  const address = new URL((await agent.router()).url);
  address.hostname = `${service}.${environment}.localhost`;
  return address.href;
}

async function requestFor({ system, session }: RunScene, { image, target }: Deployment): Promise<DeployRequest> {
  const { project, revision, folder } = session;
  const key = `${project.service}/${target.name}`;
  const cluster = target.platform.kind === 'kubernetes' ? await clusterTarget(system, target.platform) : null;
  const artifact = cluster === null ? undefined : await wasmArtifact(system, image);
  return {
    service: project.service,
    environment: target.name,
    image,
    config: target.config,
    secrets: await keepSecrets(system, { key, references: target.secrets, folder, cluster }),
    needs: target.needs,
    revision: { commit: revision.commit, ref: revision.name },
    ...(artifact === undefined ? {} : { artifact }),
    spec: completeSpec(target.spec, { env: system.env, folder }),
    cluster,
  };
}

interface Followed {
  readonly key: string;
  readonly rollout: string;
  /** The release whose rollout is the one that counts, and comes when this one has ended. */
  readonly queued: number | null;
  /** Says yes for a host that has asked people, when the rollout that counts has begun. */
  readonly approve: (rollout: string) => Promise<void>;
}

/** To the end of the rollout, or to where a person must decide when nobody is there to do so. */
async function follow(scene: RunScene, { key, rollout, queued, approve }: Followed): Promise<ExitCode> {
  const { system, terminal, signal } = scene;
  const journal = await openJournal(system);
  try {
    for (let current = rollout; ;) {
      const end = await watchRollout({ journal, key, rollout: current, clock: system.clock, terminal, signal });
      if (end.kind === 'left') return EXIT.interrupted;
      if (end.kind === 'waiting') {
        terminal.print(environmentReport(end.view, system.clock.wall(), terminal));
        tellWaiting(terminal, end.view);
        return EXIT.waiting;
      }
      const { candidate, number } = end.rollout.started;
      if (queued === null || candidate === queued) {
        const [record] = readRecords(journal, key, number);
        if (record !== undefined) terminal.print(whyReport(record, terminal));
        return tookOver(end.rollout) ? EXIT.ok : EXIT.refused;
      }
      const next = end.view.rollouts.find(({ started }) => started.number > number);
      if (next === undefined) throw displaced(key, queued);
      current = next.started.rollout;
      if (next.started.candidate === queued) await approve(current);
    }
  } finally {
    journal.close();
  }
}

/** That a person is waited for is no failure, and the host is told so. */
function tellWaiting({ host }: Terminal, { key, now }: EnvironmentView): void {
  const title = `${key} waits for a person`;
  const message = `${now?.because ?? 'it is paused'}. This job ends; whoever decides goes on from there (exit code 4).`;
  host?.say({ kind: 'warning', title, message: host.redact(message) });
}

/** Whether the release serves now: not when it was aborted, rolled back or displaced by another on its way. */
export function tookOver({ started, ended }: RolloutView): boolean {
  const outcome = ended?.outcome;
  if (outcome === 'rolledBack') return started.kind === 'rollback';
  return outcome === 'promoted' || outcome === 'promotedByHand';
}

function displaced(key: string, queued: number): Fault<'cli/displaced'> {
  return new Fault({
    code: 'cli/displaced',
    kind: 'refused',
    message: `#${queued} was not rolled out: while it waited, something else was decided for ${key}.`,
    hint: 'See "slipway history".',
  });
}

function noSuchEnvironment(name: string, known: readonly ProjectEnvironment[]): Fault<'cli/no-such-environment'> {
  return new Fault({
    code: 'cli/no-such-environment',
    kind: 'usage',
    message: `The project has no environment ${name}.`,
    hint: `It has ${known.map((it) => it.name).join(', ')}.`,
  });
}
