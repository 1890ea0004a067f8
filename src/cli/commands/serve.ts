/** `slipway serve` runs the agent here; `slipway down` ends it, with the router and all replicas. */

import { identifyProcess, isAlive } from '../../kernel/subprocess.ts';
import { agentClient, runAgent, type System } from '../../system.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { clustersLeft } from '../report/clusters-left.ts';
import type { Terminal } from '../terminal.ts';

export async function runServe(
  system: System,
  terminal: Terminal,
  options: { quiet: boolean; signal: AbortSignal },
): Promise<ExitCode> {
  const agent = await runAgent(system, { signal: options.signal });
  if (!options.quiet) {
    terminal.note(
      `The agent drives ${system.home}; requests go to ${agent.routerUrl}. Ctrl-C ends it, replicas go on.`,
    );
  }
  await agent.ended;
  return EXIT.ok;
}

const GONE_WITHIN = 10_000;

/** `agentOnly`: router and replicas go on serving. */
export async function runDown(system: System, terminal: Terminal, agentOnly: boolean): Promise<ExitCode> {
  const client = await agentClient(system);
  const info = await client.info();
  if (info !== null) {
    const agent = identifyProcess(info.pid);
    const stillThere = (): boolean => agent !== undefined && isAlive(agent);
    await client.stop(!agentOnly);
    // It answers before it is gone; who calls this wants it gone.
    const deadline = system.clock.monotonic() + GONE_WITHIN;
    while (stillThere() && system.clock.monotonic() < deadline) await system.clock.sleep(10);
    terminal.print(
      agentOnly ? 'The agent has ended; router and replicas go on.' : 'Agent, router and replicas have ended.',
    );
    await tellClusters(system, terminal);
    return EXIT.ok;
  }
  if (agentOnly) {
    terminal.print('No agent runs in this home.');
    return EXIT.ok;
  }
  // Router and replicas outlive an agent that was killed: one more agent takes them over and ends them in order.
  const agent = await runAgent(system);
  await agent.stop(true);
  await agent.ended;
  terminal.print('Router and replicas have ended.');
  await tellClusters(system, terminal);
  return EXIT.ok;
}

async function tellClusters(system: System, terminal: Terminal): Promise<void> {
  const left = await clustersLeft(system);
  if (left !== null) terminal.print(left);
}
