/** `slipway serve` runs the agent here; `slipway down` ends it, with the router and all replicas. */

import { agentClient, runAgent, type System } from '../../system.ts';
import { EXIT, type ExitCode } from '../exit.ts';
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

/** `agentOnly`: router and replicas go on serving. */
export async function runDown(system: System, terminal: Terminal, agentOnly: boolean): Promise<ExitCode> {
  const client = await agentClient(system);
  if ((await client.info()) !== null) {
    await client.stop(!agentOnly);
    terminal.print(
      agentOnly ? 'The agent has ended; router and replicas go on.' : 'Agent, router and replicas have ended.',
    );
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
  return EXIT.ok;
}
