/** Who the pods are to the cluster: nobody with any right, and without a token to prove even that. */

import type { KubernetesObject } from '../cluster-client.ts';
import { KINDS } from '../kinds.ts';
import { environmentLabels, environmentName } from '../names.ts';
import { appliedObject, type ObjectsContext } from './applied-object.ts';

export function serviceAccount(context: ObjectsContext): KubernetesObject {
  const { key } = context;
  return appliedObject(
    context,
    { kind: KINDS.serviceAccount, name: environmentName(key), labels: environmentLabels(key) },
    { automountServiceAccountToken: false },
  );
}
