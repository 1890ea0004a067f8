/**
 * Foreign programs for tests that need them (a cluster, other CI runners): they lie packed in a folder beside the checkout,
 * `../shared`, which a newcomer's clone doesn't have. Whoever asks gets `null` then, and skips visibly.
 */

import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { hexOf, sha256File } from '../../src/kernel/digest.ts';
import { runCommand } from '../../src/kernel/subprocess.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const BESIDE = join(import.meta.dirname, '../../../shared');

/** `SLIPWAY_SHARED`, else `../shared` beside the checkout; absolute. `null`: there is none (or the variable is empty). */
export function sharedFolder(env: Environment = process.env): string | null {
  const named = env['SLIPWAY_SHARED'];
  if (named === '') return null;
  const folder = named === undefined ? BESIDE : resolve(named);
  return existsSync(folder) ? folder : null;
}

/** The path of one of the programs in `peers/tools.tar.xz` (`act`, `crane`, …). `null`: it is not there. */
export async function sharedTool(name: string, env: Environment = process.env): Promise<string | null> {
  const folder = await unpackedArchive('peers/tools.tar.xz', env);
  if (folder === null) return null;
  const path = join(folder, name);
  return existsSync(path) ? path : null;
}

const unpacking = new Map<string, Promise<string>>();

/**
 * A folder with the content of an archive of the shared folder. It is unpacked once for each content, into
 * `$XDG_CACHE_HOME/slipway-tests`; several processes may ask at once. `null`: the archive is not there.
 */
export async function unpackedArchive(archive: string, env: Environment = process.env): Promise<string | null> {
  const shared = sharedFolder(env);
  const path = shared === null ? null : join(shared, archive);
  if (path === null || !existsSync(path)) return null;
  const cache = join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'slipway-tests');
  const key = `${cache}\0${path}`;
  const known = unpacking.get(key) ?? unpack(path, cache);
  unpacking.set(key, known);
  return known;
}

async function unpack(archive: string, cache: string): Promise<string> {
  const folder = join(cache, hexOf(await sha256File(archive)).slice(0, 16));
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(`${folder}.`);
  try {
    const { exitCode, stderr } = await runCommand({
      program: 'tar',
      args: ['-xJf', archive, '-C', fresh],
      cwd: cache,
      env: { PATH: process.env['PATH'] ?? '' },
    });
    if (exitCode !== 0) throw new Error(`${archive} could not be unpacked: ${stderr}`);
    renameSync(fresh, folder);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    // Another process may have been quicker: a folder that is not empty is never replaced.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}
