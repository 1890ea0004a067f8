/** The smallest `slipway.yaml` that does the job for an existing Cargo project. */

import { existsSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { systemCodeOf } from '../kernel/fault.ts';
import { branchSlug } from './branch-rules.ts';
import { PROJECT_FILE } from './load-project.ts';
import { projectFault } from './project-fault.ts';

/**
 * Its text; nothing is written. The service is named after the package, or after the folder of a workspace.
 *
 * @throws Fault `project/no-cargo-project`, `project/already-there`.
 */
export async function smallestProjectFile(
  folder: string,
): Promise<{ readonly service: string; readonly text: string }> {
  if (existsSync(join(folder, PROJECT_FILE))) {
    throw projectFault({
      code: 'project/already-there',
      message: `There is a ${PROJECT_FILE} in ${folder} already.`,
      hint: 'Look at it with `slipway config`, or remove it first.',
    });
  }
  const service = dnsLabel((await packageName(folder)) ?? basename(resolve(folder)));
  return { service, text: `service: ${service}\n` };
}

async function packageName(folder: string): Promise<string | null> {
  const { parse } = await import('smol-toml');
  try {
    const manifest: unknown = parse(readFileSync(join(folder, 'Cargo.toml'), 'utf8'));
    const name = member(member(manifest, 'package'), 'name');
    return typeof name === 'string' ? name : null;
  } catch (error) {
    const isMissing = systemCodeOf(error) === 'ENOENT';
    throw projectFault({
      code: 'project/no-cargo-project',
      message: isMissing ? `There is no Cargo.toml in ${folder}.` : `The Cargo.toml in ${folder} is not valid TOML.`,
      hint: isMissing ? 'Run it in the folder of a Cargo project.' : 'Let `cargo metadata` show what is wrong.',
      cause: error,
    });
  }
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && key in value ? Reflect.get(value, key) : undefined;
}

/** A DNS label that begins with a letter. */
function dnsLabel(name: string): string {
  const slug = branchSlug(name).replace(/^[^a-z]+/, '');
  return slug === '' ? 'service' : slug;
}
