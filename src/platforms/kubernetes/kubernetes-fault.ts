/** What can be impossible on a cluster. */

import { Fault, type FaultFields } from '../../kernel/fault.ts';

export type KubernetesFaultCode =
  /** Two tools claim the same field of an object. */
  | 'kubernetes/conflict'
  /** The object is not what was read before: somebody has changed it in between. */
  | 'kubernetes/changed'
  | 'kubernetes/forbidden'
  | 'kubernetes/immutable'
  | 'kubernetes/invalid'
  | 'kubernetes/kubeconfig'
  | 'kubernetes/missing-kind'
  | 'kubernetes/namespace-terminating'
  | 'kubernetes/no-namespace'
  | 'kubernetes/overloaded'
  | 'kubernetes/quota'
  | 'kubernetes/refused-by-policy'
  | 'kubernetes/unauthorized'
  | 'kubernetes/unknown-context'
  | 'kubernetes/unreachable';

export function kubernetesFault(fields: FaultFields<KubernetesFaultCode>): Fault<KubernetesFaultCode> {
  return new Fault(fields);
}
