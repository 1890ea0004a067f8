/** `slipway promote | abort | rollback | retry | pause | resume`: one verb to the agent, its answer back. */

import type { Verb } from '../../server/index.ts';
import { ensureAgent, openJournal, type System } from '../../system.ts';
import { EXIT, type ExitCode, tellRefusal } from '../exit.ts';
import { ownName } from '../own-name.ts';
import { introduceClusters } from '../introduce-clusters.ts';
import { chooseEnvironment } from '../target.ts';
import type { Terminal } from '../terminal.ts';

/** A verb that says no more than what is to be done. */
export type PlainVerb = Exclude<Verb, { readonly kind: 'approve' | 'reject' }>;

export interface VerbOptions {
  readonly environment: string | undefined;
  readonly verb: PlainVerb;
}

export async function runVerb(
  system: System,
  terminal: Terminal,
  { environment, verb }: VerbOptions,
): Promise<ExitCode> {
  await introduceClusters(system, terminal, environment);
  const journal = await openJournal(system);
  const { key } = chooseEnvironment(journal, environment);
  journal.close();
  const agent = await ensureAgent(system);
  const by = await ownName(system);
  const answer = await agent.command(key, by === null ? verb : { ...verb, by });
  if (!answer.done) return tellRefusal(answer, terminal);
  terminal.print(`${key}: ${answer.answer}`);
  return EXIT.ok;
}
