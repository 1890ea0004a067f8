/** Files: the home, atomic writes, temporary folders, socket paths. */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { hexOf, sha256 } from './digest.ts';
import { systemCodeOf } from './fault.ts';
import { randomIdentifier } from './random.ts';

/** The home: `SLIPWAY_HOME`, else `$XDG_STATE_HOME/slipway`, else `~/.local/state/slipway`. Absolute; not created. */
export function homeFolder(env: Readonly<Record<string, string | undefined>>): string {
  if (env['SLIPWAY_HOME']) return resolve(env['SLIPWAY_HOME']);
  return join(env['XDG_STATE_HOME'] || join(env['HOME'] || homedir(), '.local', 'state'), 'slipway');
}

/** The content-addressed cache: `SLIPWAY_CACHE`, else `cache` in the home. It may be shared by several homes. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  return env['SLIPWAY_CACHE'] ? resolve(env['SLIPWAY_CACHE']) : join(homeFolder(env), 'cache');
}

/** Writes a whole file or nothing: a reader sees the old content or the new one. Parents are made. */
export function writeFileAtomic(path: string, content: string | Uint8Array, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.${randomIdentifier(8)}.tmp`;
  try {
    writeFileSync(temporary, content, { mode, flush: true });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** The text of a file; `undefined` when there is none. */
export function readIfThere(path: string): string | undefined {
  return unlessAbsent(() => readFileSync(path, 'utf8'));
}

/** The names in a folder, none when there is no such folder. */
export function namesIn(folder: string): readonly string[] {
  return unlessAbsent(() => readdirSync(folder)) ?? [];
}

function unlessAbsent<Content>(read: () => Content): Content | undefined {
  try {
    return read();
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** A new empty folder below the system's temporary folder; the caller removes it. */
export function temporaryFolder(prefix = 'slipway-'): string {
  return mkdtempSync(join(tmpdir(), prefix));
}

/**
 * Where the socket `name` of a home lives: in the home, or, when that path would exceed the 107 bytes of
 * `sockaddr_un`, in a folder of the temporary folder that is named after the home and only we may enter.
 */
export function socketPath(home: string, name: string): string {
  const direct = join(home, name);
  if (Buffer.byteLength(direct) <= 100) return direct;
  const folder = join(tmpdir(), `slipway-${hexOf(sha256(home)).slice(0, 16)}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return join(folder, name.replaceAll('/', '-'));
}
