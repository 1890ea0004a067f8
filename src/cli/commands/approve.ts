/** `slipway approve | reject [ENVIRONMENT]`: what a person says to a release that waits for it. */

import { Fault } from '../../kernel/fault.ts';
import { runBriefly } from '../../kernel/subprocess.ts';
import type { Verb } from '../../server/index.ts';
import { definedOnly, ensureAgent, openJournal, type System } from '../../system.ts';
import { EXIT, type ExitCode, tellRefusal } from '../exit.ts';
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

async function ownName({ env }: System): Promise<string> {
  const git = { program: 'git', args: ['config', '--get', 'user.name'], cwd: process.cwd(), env: definedOnly(env) };
  const known = await runBriefly({ ...git, timeout: 5000 }).catch(() => undefined);
  const name = known?.stdout.trim() || env['USER'] || '';
  if (name !== '') return name;
  throw new Fault({
    code: 'cli/who',
    kind: 'usage',
    message: 'Neither git nor the system knows your name.',
    hint: 'Say who you are: "--as NAME".',
  });
}
