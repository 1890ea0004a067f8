/**
 * `--approved-by-host`: the job of a CI system has passed the gate of an environment, which has asked people. That counts as
 * one approval, and the record says who vouches for it.
 */

import { readEnvironments } from '../delivery/index.ts';
import { Fault } from '../kernel/fault.ts';
import type { AgentClient } from '../server/index.ts';
import { openJournal } from '../system.ts';
import type { RunScene } from './run-tasks.ts';
import type { Terminal } from './terminal.ts';

/**
 * @throws Fault `cli/no-host` outside of a job: there is no gate that could have let it through; `cli/which-environment`
 *   when it is not said into which environment.
 */
export function requireHost(terminal: Terminal, environment: string | undefined): void {
  if (terminal.host !== undefined && environment !== undefined) return;
  if (terminal.host !== undefined) {
    throw new Fault({
      code: 'cli/which-environment',
      kind: 'usage',
      message: 'The gate of a CI system lets a job into one environment, and none is named.',
      hint: 'Name it: "slipway deploy ENVIRONMENT --approved-by-host".',
    });
  }
  throw new Fault({
    code: 'cli/no-host',
    kind: 'usage',
    message: '--approved-by-host counts only in a job of GitHub, GitLab or Jenkins, and this is none.',
    hint: 'Approve it yourself: "slipway approve".',
  });
}

export interface Gated {
  /** `service/environment`. */
  readonly key: string;
  readonly environment: string;
  /** Id of the rollout that the job has asked for. */
  readonly rollout: string;
}

/** Says yes for the host, once, to the release of this rollout and no other. */
export async function approveByHost(
  { system, terminal }: RunScene,
  agent: AgentClient,
  { key, environment, rollout }: Gated,
): Promise<void> {
  if (terminal.host === undefined) return;
  const journal = await openJournal(system);
  const view = readEnvironments(journal).get(key);
  journal.close();
  const release = view?.rollouts.find(({ started }) => started.rollout === rollout)?.started.candidate;
  if (release === undefined) throw new Error(`the journal does not know the rollout ${rollout} of ${key}`);
  const by = terminal.host.bridge.gateOf(environment);
  const said = await agent.command(key, { kind: 'approve', by, groups: [], gate: true, authenticated: false, release });
  // A refusal (it has ended meanwhile) is told by the rollout itself.
  terminal.note(`${key}: ${said.answer}`);
}
