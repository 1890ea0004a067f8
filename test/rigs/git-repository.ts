/** A git repository of its own, with one commit and a remote, as the CI runners want to see one. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runBriefly } from '../../src/kernel/subprocess.ts';

/** Commits what is in the folder and these files beside it. The remote is only a name. */
export async function makeRepository(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  await git(folder, 'init', '--quiet', '--initial-branch=main');
  await git(folder, 'remote', 'add', 'origin', 'git@gitlab.example:acme/service.git');
  await commitAll(folder);
}

export async function commitAll(folder: string): Promise<void> {
  await git(folder, 'add', '--all');
  const who = ['-c', 'user.name=ana', '-c', 'user.email=ana@example.org', '-c', 'commit.gpgsign=false'];
  await git(folder, ...who, 'commit', '--quiet', '--allow-empty', '--message', 'as it is');
}

export async function git(folder: string, ...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runBriefly({
    program: 'git',
    args,
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' },
  });
  if (exitCode !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
  return stdout;
}
