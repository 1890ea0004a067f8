/** A cluster as the project and this machine name it, made independent of what somebody chooses there later. */

import { delimiter, isAbsolute, resolve } from 'node:path';
import type { ClusterTarget } from '../../delivery/index.ts';

export interface PinOptions {
  readonly context: string | null;
  readonly namespace: string;
  /** `KUBECONFIG` and `HOME` are read of it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * The context that is the current one now is named, so that `kubectl config use-context` sends nobody elsewhere.
 *
 * @throws Fault `kubernetes/kubeconfig`, `kubernetes/unknown-context`.
 */
export async function pinTarget({ context, namespace, environment }: PinOptions): Promise<ClusterTarget> {
  const { openKubeconfig } = await import('./client/kubeconfig.ts');
  const [path, ...others] = (environment['KUBECONFIG'] ?? '').split(delimiter).filter((one) => one !== '');
  // Several files together have no one name: then the agent reads them from its environment, too.
  const kubeconfig = path === undefined || others.length > 0 ? null : isAbsolute(path) ? path : resolve(path);
  const pinned = openKubeconfig({ kubeconfig, context, namespace }, environment).context;
  return { kubeconfig, context: pinned, namespace };
}
