/** The values of a project's secrets and of the login to its registry, as far as they are there: what must not be seen in the log of a job. */

import { resolveSecrets, type SecretReference } from '../kernel/secret.ts';
import type { Project } from '../project/index.ts';
import type { System } from '../system.ts';

/** A secret that is missing has nothing to hide; that it is missing is said where it is needed. */
export function secretsHere({ env }: System, project: Project, folder: string): readonly string[] {
  const named = referencesOf(project).flatMap((reference) => {
    try {
      return Object.values(resolveSecrets({ it: reference }, { env, folder }));
    } catch {
      return [];
    }
  });
  return [...named, ...(env['SLIPWAY_REGISTRY_PASSWORD'] ? [env['SLIPWAY_REGISTRY_PASSWORD']] : [])];
}

function referencesOf({ environments, image }: Project): readonly SecretReference[] {
  const key = image.sign?.kind === 'key' ? [image.sign.key] : [];
  return [...environments.flatMap(({ secrets }) => Object.values(secrets)), ...key];
}
