/**
 * gitlab-ci-local runs a `.gitlab-ci.yml` without GitLab and without a container engine. It asks for `rsync`, which comes
 * from Debian where it is not on PATH.
 */

import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Finished, runCommand } from '../../src/kernel/subprocess.ts';

const PROGRAM = join(import.meta.dirname, '../../node_modules/gitlab-ci-local/dist/index.js');

export interface GitlabLocal {
  /** Runs it in a repository with a remote; every variable is set, also those that GitLab predefines. */
  run(options: GitlabLocalOptions): Promise<Finished>;
}

export interface GitlabLocalOptions {
  readonly repository: string;
  readonly args: readonly string[];
  /** `null`: not set at all. */
  readonly variables: Readonly<Record<string, string | null>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Seconds. */
  readonly limit: number;
}

export async function gitlabLocal(): Promise<GitlabLocal | { readonly missing: string }> {
  const rsync = await findRsync();
  if (rsync === null) return { missing: 'no rsync on PATH, and Debian does not give one' };
  return {
    run: ({ repository, args, variables, env, limit }) =>
      runCommand({
        program: 'timeout',
        // It ignores SIGTERM when it hangs.
        args: [
          '-s',
          'KILL',
          String(limit),
          process.execPath,
          PROGRAM,
          ...args,
          // Else it warns of each of them, in the midst of what it prints.
          '--ignore-predefined-vars',
          Object.keys(variables).join(','),
          ...Object.entries(variables).flatMap(([name, value]) =>
            value === null ? ['--unset-variable', name] : ['--variable', `${name}=${value}`],
          ),
        ],
        cwd: repository,
        env: { HOME: homedir(), ...rsync, ...env, PATH: `${rsync.PATH}:${env?.['PATH'] ?? process.env['PATH'] ?? ''}` },
      }),
  };
}

interface RsyncPlace {
  readonly PATH: string;
  readonly [name: string]: string;
}

async function findRsync(): Promise<RsyncPlace | null> {
  const folder = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'slipway-tests', 'rsync');
  const path = process.env['PATH'] ?? '';
  const onPath = path.split(':').find((place) => existsSync(join(place, 'rsync')));
  if (onPath !== undefined) return { PATH: onPath };
  if (!existsSync(folder) && !(await unpackRsync(folder, path))) return null;
  const libraries = readdirSync(join(folder, 'usr/lib')).map((name) => join(folder, 'usr/lib', name));
  return { PATH: join(folder, 'usr/bin'), LD_LIBRARY_PATH: libraries.join(':') };
}

/** Unpacked, not installed: that would need rights, and other people's machines are left as they are. */
async function unpackRsync(folder: string, path: string): Promise<boolean> {
  mkdirSync(join(folder, '..'), { recursive: true });
  const fresh = mkdtempSync(`${folder}.`);
  const script = 'apt-get download rsync libpopt0 libxxhash0 && for file in *.deb; do dpkg -x "$file" .; done';
  const run = { program: 'sh', args: ['-c', script], cwd: fresh, env: { PATH: path }, timeout: 120_000 };
  const { exitCode } = await runCommand(run);
  if (exitCode === 0 && !existsSync(folder)) renameSync(fresh, folder);
  else rmSync(fresh, { recursive: true, force: true });
  return existsSync(folder);
}
