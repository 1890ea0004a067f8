/** Who types, as far as that can be known: for the record, and never more than that. */

import { runBriefly } from '../kernel/subprocess.ts';
import { definedOnly, type System } from '../system.ts';

/** The `user.name` of git, else `USER`; `null` when neither is there. */
export async function ownName({ env }: System): Promise<string | null> {
  const git = { program: 'git', args: ['config', '--get', 'user.name'], cwd: process.cwd(), env: definedOnly(env) };
  const known = await runBriefly({ ...git, timeout: 5000 }).catch(() => undefined);
  return known?.stdout.trim() || env['USER'] || null;
}
