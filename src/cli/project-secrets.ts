/** The values of a project's secrets, as far as they are there: what must not be seen in the log of a job. */

import { resolveSecrets, type SecretReference } from '../kernel/secret.ts';
import type { Project } from '../project/index.ts';
import type { System } from '../system.ts';

/** A secret that is missing has nothing to hide; that it is missing is said where it is needed. */
export function secretsHere({ env }: System, project: Project, folder: string): readonly string[] {
  return referencesOf(project).flatMap((reference) => {
    try {
      return Object.values(resolveSecrets({ it: reference }, { env, folder }));
    } catch {
      return [];
    }
  });
}

function referencesOf({ environments, image }: Project): readonly SecretReference[] {
  const key = image.sign?.kind === 'key' ? [image.sign.key] : [];
  return [...environments.flatMap(({ secrets }) => Object.values(secrets)), ...key];
}
