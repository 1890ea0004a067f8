/** What all objects that we apply have in common: a name in the namespace of the environment, and our labels. */

import type { EnvironmentContext, KubernetesSpec } from '../../../delivery/index.ts';
import type { Json } from '../../../kernel/digest.ts';
import type { KubernetesObject, ObjectKind, ObjectMetadata } from '../cluster-client.ts';
import { FIELD_MANAGER } from '../names.ts';

/** Where Services listen. */
export const SERVICE_PORT = 80;

/** The part of an environment that its objects are made of. */
export type ObjectsContext = Pick<EnvironmentContext, 'key' | 'spec'>;

export function kubernetesOf({ key, spec }: ObjectsContext): KubernetesSpec {
  if (spec.kubernetes === undefined) throw new Error(`${key} is not on a cluster`);
  return spec.kubernetes;
}

export interface ObjectIdentity {
  readonly kind: ObjectKind;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An object with these fields beside its metadata. */
export function appliedObject(
  context: ObjectsContext,
  { kind, name, labels, annotations }: ObjectIdentity,
  fields: Readonly<Record<string, Json>>,
): KubernetesObject {
  const metadata: ObjectMetadata = {
    name,
    namespace: kubernetesOf(context).namespace,
    labels: { 'app.kubernetes.io/managed-by': FIELD_MANAGER, ...labels },
    ...(annotations === undefined ? {} : { annotations }),
  };
  return { ...kind, metadata, ...fields };
}
