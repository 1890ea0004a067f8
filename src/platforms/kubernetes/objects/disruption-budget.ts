/**
 * How many pods may be taken away at once when nodes are drained: one of the whole environment. It spans the releases,
 * because during a rollout users are on several: one budget for each would let a pod of each go at once. It says what may
 * be missing, not what must be there, so it counts from the sizes that the Deployments have just then and never has to be
 * changed with them (trap T13: an eviction asks it, our own scaling does not; that is kept right by the engine).
 */

import type { KubernetesObject } from '../cluster-client.ts';
import { KINDS } from '../kinds.ts';
import { environmentLabels, environmentName } from '../names.ts';
import { appliedObject, type ObjectsContext } from './applied-object.ts';

export function disruptionBudget(context: ObjectsContext): KubernetesObject {
  const { key } = context;
  const labels = environmentLabels(key);
  return appliedObject(
    context,
    { kind: KINDS.disruptionBudget, name: environmentName(key), labels },
    {
      spec: {
        maxUnavailable: 1,
        selector: { matchLabels: labels },
        // A candidate that never gets ready must not keep a node from being drained.
        unhealthyPodEvictionPolicy: 'AlwaysAllow',
      },
    },
  );
}
