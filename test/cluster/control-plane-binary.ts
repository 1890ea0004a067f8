/** The one program that a local cluster is made of (./kubetest): packed beside the checkout, or built from our own module. */

import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { digestOfJson, hexOf, sha256FileSync } from '../../src/kernel/digest.ts';
import { runCommand } from '../../src/kernel/subprocess.ts';
import { unpackedArchive } from '../rigs/shared-tools.ts';

const MODULE = join(import.meta.dirname, 'kubetest');
const VERSION = { major: '1', minor: '37', patch: '2' };

/** Absolute path of the packed program; `null` where it isn't there. */
export async function packedControlPlane(): Promise<string | null> {
  const folder = await unpackedArchive('cluster/kubetest.tar.xz');
  return folder === null ? null : join(folder, 'dist/kubetest');
}

/**
 * Absolute path of the program built from our module, once for each state of its sources: a quarter of an hour of one
 * processor and 3 GB of memory from nothing. Needs Go 1.26 and a module proxy.
 */
export async function builtControlPlane(): Promise<string> {
  const sources = readdirSync(MODULE).toSorted();
  const digest = digestOfJson(sources.map((name) => [name, sha256FileSync(join(MODULE, name))]));
  const folder = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'slipway-tests');
  const path = join(folder, `kubetest-${hexOf(digest).slice(0, 16)}`);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  const { exitCode, stderr } = await runCommand({
    program: 'go',
    args: ['build', '-trimpath', '-ldflags', `-s -w ${versionStamp()}`, '-o', unfinished, '.'],
    cwd: MODULE,
    env: { ...definedIn(process.env), CGO_ENABLED: '0' },
  });
  if (exitCode !== 0) throw new Error(`the control plane could not be built: ${stderr}`);
  renameSync(unfinished, path);
  return path;
}

/** Kubernetes knows its version from its linker. */
function versionStamp(): string {
  const { major, minor, patch } = VERSION;
  const values = { gitVersion: `v${major}.${minor}.${patch}`, gitMajor: major, gitMinor: minor };
  return ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version']
    .flatMap((place) => Object.entries(values).map(([name, value]) => `-X ${place}.${name}=${value}`))
    .join(' ');
}

function definedIn(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
