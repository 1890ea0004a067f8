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
  /** Another machine drives the environment now. */
  | 'kubernetes/lost-lease'
  /** What runs has the number of a release, and is another one. */
  | 'kubernetes/lost-record'
  | 'kubernetes/missing-kind'
  | 'kubernetes/namespace-terminating'
  | 'kubernetes/no-namespace'
  /** A Wasm runtime is to run a release of which only the index is known. */
  | 'kubernetes/no-wasm-image'
  | 'kubernetes/overloaded'
  | 'kubernetes/quota'
  /** What the engine remembers of an environment does not fit into a ConfigMap. */
  | 'kubernetes/record-too-large'
  | 'kubernetes/refused-by-policy'
  /** A Gateway has not taken over what was written. */
  | 'kubernetes/route-not-in-force'
  /** What stands where the key of the ids of secrets should be is none. */
  | 'kubernetes/secret-key'
  | 'kubernetes/unauthorized'
  | 'kubernetes/unknown-context'
  /** The file of the home that says which environments live on which cluster. */
  | 'kubernetes/unreadable-book'
  /** Another version of Slipway, or somebody else, has written the record of an environment. */
  | 'kubernetes/unreadable-record'
  | 'kubernetes/unreachable';

export function kubernetesFault(fields: FaultFields<KubernetesFaultCode>): Fault<KubernetesFaultCode> {
  return new Fault(fields);
}

/** Whether somebody was faster: the object is not there any more, is there already, or is not as it was seen. */
export function isChanged(error: unknown): boolean {
  const changed: KubernetesFaultCode = 'kubernetes/changed';
  return error instanceof Fault && error.code === changed;
}
