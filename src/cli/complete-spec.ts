/** What a project asks of an environment, with what only this machine can add to it. */

import type { EnvironmentSpec } from '../delivery/index.ts';
import { resolveSecrets, type SecretPlaces } from '../kernel/secret.ts';

/**
 * Whoever runs the tests later stands in another folder; whoever asks Prometheus later has another environment.
 *
 * @throws Fault `secret/…` when the address of Prometheus is a reference to nothing.
 */
export function completeSpec(spec: EnvironmentSpec, places: SecretPlaces): EnvironmentSpec {
  const { endToEnd, kubernetes } = spec;
  const prometheus = kubernetes?.prometheus ?? null;
  return {
    ...spec,
    endToEnd: endToEnd === null ? null : { ...endToEnd, folder: places.folder },
    ...(kubernetes === undefined || prometheus === null
      ? {}
      : { kubernetes: { ...kubernetes, prometheus: { ...prometheus, url: addressIn(prometheus.url, places) } } }),
  };
}

function addressIn(written: string, places: SecretPlaces): string {
  const [, from, name] = /^(env|file):(.+)$/.exec(written) ?? [];
  if (name === undefined || (from !== 'env' && from !== 'file')) return written;
  return resolveSecrets({ 'metrics.prometheus.url': { from, name } }, places)['metrics.prometheus.url'] ?? written;
}
