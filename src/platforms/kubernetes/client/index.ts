/** The client of the API server. It is not Kubernetes as Slipway uses it: it knows objects, not releases. */

export { connectCluster, type ConnectOptions } from './connect-cluster.ts';
