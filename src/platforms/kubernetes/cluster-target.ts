/** Which cluster is meant: declared in delivery, as the agent's requests name it too. */

export type { ClusterTarget } from '../../delivery/index.ts';
