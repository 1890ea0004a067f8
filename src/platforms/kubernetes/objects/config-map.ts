/** The configuration of a release: made once with it, so what runs never reads another one (trap T15). */

import type { Release } from '../../../delivery/index.ts';
import type { KubernetesObject } from '../cluster-client.ts';
import { KINDS } from '../kinds.ts';
import { releaseLabels, releaseName } from '../names.ts';
import { appliedObject, type ObjectsContext } from './applied-object.ts';

export function configMap(context: ObjectsContext, release: Release): KubernetesObject {
  const { key } = context;
  return appliedObject(
    context,
    { kind: KINDS.configMap, name: releaseName(key, release), labels: releaseLabels(key, release.number) },
    { immutable: true, data: release.content.config },
  );
}
