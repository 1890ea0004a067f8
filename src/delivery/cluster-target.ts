/** Which cluster is meant. It stays on the machine that knows it: other machines reach the same cluster by other names. */

export interface ClusterTarget {
  /** Absolute path; `null`: what `KUBECONFIG` names, else `~/.kube/config`, else the service account of the pod. */
  readonly kubeconfig: string | null;
  /** `null`: the current one of the kubeconfig. */
  readonly context: string | null;
  readonly namespace: string;
}
