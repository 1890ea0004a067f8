/** `slipway approve | reject [ENVIRONMENT]`: what a person says to a release that waits for it. */

import { Fault } from '../../kernel/fault.ts';
import type { Verb } from '../../server/index.ts';
import { ensureAgent, openJournal, type System } from '../../system.ts';
import { EXIT, type ExitCode, tellRefusal } from '../exit.ts';
import { ownName } from '../own-name.ts';
import { introduceClusters } from '../introduce-clusters.ts';
import { chooseEnvironment } from '../target.ts';
import type { Terminal } from '../terminal.ts';

export interface ApprovalOptions {
  readonly environment: string | undefined;
  /** Who it is; by default whom git or the system knows. */
  readonly as: string | undefined;
  readonly groups: readonly string[];
  readonly answer: 'approve' | 'reject';
  readonly because?: string | undefined;
}

export async function runApproval(system: System, terminal: Terminal, options: ApprovalOptions): Promise<ExitCode> {
  const by = options.as ?? (await ownName(system));
  if (by === null || by === '') throw unknown();
  await introduceClusters(system, terminal, options.environment);
  const journal = await openJournal(system);
  const { key, now } = chooseEnvironment(journal, options.environment);
  journal.close();
  // What they have seen is what they decide on, whatever is deployed meanwhile.
  const shown = now?.candidate ?? null;
  const agent = await ensureAgent(system);
  const answer = await agent.command(key, verbOf(options, { by, shown }));
  if (!answer.done) return tellRefusal(answer, terminal);
  terminal.print(`${key}: ${answer.answer}`);
  return EXIT.ok;
}

function verbOf(
  { answer, groups, because }: ApprovalOptions,
  { by, shown }: { readonly by: string; readonly shown: number | null },
): Verb {
  const common = { by, authenticated: false, ...(shown === null ? {} : { release: shown }) };
  if (answer === 'approve') return { kind: 'approve', groups, ...common };
  return { kind: 'reject', ...common, ...(because === undefined ? {} : { because }) };
}

function unknown(): Fault<'cli/who'> {
  return new Fault({
    code: 'cli/who',
    kind: 'usage',
    message: 'Neither git nor the system knows your name.',
    hint: 'Say who you are: "--as NAME".',
  });
}
