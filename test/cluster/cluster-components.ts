/** The programs of a local cluster and how each is started: all on 127.0.0.1, every file in the folder of the cluster. */

import { join } from 'node:path';

export const COMPONENTS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'node'] as const;
export type Component = (typeof COMPONENTS)[number];

/** What distinguishes one cluster from another. Kept in its folder, so that another process can go on with it. */
export interface ClusterSettings {
  readonly folder: string;
  /** Absolute path of the control plane's one program. */
  readonly program: string;
  readonly ports: { readonly api: number; readonly etcd: number; readonly peer: number; readonly kubelet: number };
  /** More flags for the API server (`--max-mutating-requests-inflight=5`); they come last, so they win. */
  readonly apiServerFlags: readonly string[];
  /** How long a pod takes to get ready unless its behaviour says otherwise, in milliseconds. */
  readonly podsStartIn: number;
  /** Whether everything ends when the process that started it does, however that ends. */
  readonly endsWithStarter: boolean;
}

export function serverOf({ ports }: ClusterSettings): string {
  return `https://127.0.0.1:${ports.api}`;
}

/** Of an administrator. */
export function kubeconfigIn(folder: string): string {
  return join(folder, 'admin.conf');
}

export function auditLogIn(folder: string): string {
  return join(folder, 'audit.log');
}

export interface CommandLine {
  readonly program: string;
  readonly args: readonly string[];
}

export function commandLine(component: Component, settings: ClusterSettings): CommandLine {
  const bare = bareCommand(component, settings);
  // The kernel sends the signal when our thread ends, also when it can say nothing any more.
  if (settings.endsWithStarter) {
    return { program: 'setpriv', args: ['--pdeathsig', 'KILL', bare.program, ...bare.args] };
  }
  return bare;
}

function bareCommand(component: Component, settings: ClusterSettings): CommandLine {
  const { program } = settings;
  switch (component) {
    case 'etcd':
      return { program, args: ['etcd', ...etcdFlags(settings)] };
    case 'kube-apiserver':
      return { program, args: ['kube-apiserver', ...apiServerFlags(settings), ...settings.apiServerFlags] };
    case 'kube-controller-manager':
      return { program, args: ['kube-controller-manager', ...controllerFlags(settings)] };
    case 'kube-scheduler':
      return { program, args: ['kube-scheduler', ...commonFlags(settings, 'sched')] };
    case 'node':
      return { program: process.execPath, args: nodeArguments(settings) };
  }
}

function etcdFlags({ folder, ports }: ClusterSettings): readonly string[] {
  const at = (port: number): string => `http://127.0.0.1:${port}`;
  return ['-data-dir', join(folder, 'etcd'), '-client', at(ports.etcd), '-peer', at(ports.peer)];
}

function apiServerFlags({ folder, ports }: ClusterSettings): readonly string[] {
  const key = (name: string): string => join(folder, 'pki', name);
  return [
    `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
    `--secure-port=${ports.api}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    // A loopback address may not stand in the endpoints of the Service `kubernetes`.
    '--endpoint-reconciler-type=none',
    '--service-cluster-ip-range=10.96.0.0/16',
    '--authorization-mode=RBAC',
    `--tls-cert-file=${key('apiserver.crt')}`,
    `--tls-private-key-file=${key('apiserver.key')}`,
    `--client-ca-file=${key('ca.crt')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-signing-key-file=${key('sa.key')}`,
    `--service-account-key-file=${key('sa.key')}`,
    `--kubelet-client-certificate=${key('kubelet-client.crt')}`,
    `--kubelet-client-key=${key('kubelet-client.key')}`,
    `--kubelet-certificate-authority=${key('ca.crt')}`,
    '--kubelet-preferred-address-types=InternalIP',
    `--audit-log-path=${auditLogIn(folder)}`,
    `--audit-policy-file=${join(folder, 'audit-policy.json')}`,
    '--audit-log-maxsize=2000',
  ];
}

function controllerFlags(settings: ClusterSettings): readonly string[] {
  const key = (name: string): string => join(settings.folder, 'pki', name);
  return [
    ...commonFlags(settings, 'kcm'),
    '--use-service-account-credentials=true',
    `--service-account-private-key-file=${key('sa.key')}`,
    `--root-ca-file=${key('ca.crt')}`,
    // Without these the controllers wait for their own client, not for the world.
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
  ];
}

/** Of the controllers and the scheduler: one of each, which serves nothing itself. */
function commonFlags({ folder }: ClusterSettings, user: 'kcm' | 'sched'): readonly string[] {
  return [`--kubeconfig=${join(folder, `${user}.conf`)}`, '--leader-elect=false', '--secure-port=0'];
}

function nodeArguments({ folder, ports, podsStartIn }: ClusterSettings): readonly string[] {
  return [
    '--disable-warning=ExperimentalWarning',
    join(import.meta.dirname, 'node/main.ts'),
    `--kubeconfig=${kubeconfigIn(folder)}`,
    `--certificate=${join(folder, 'pki/kubelet')}`,
    `--port=${ports.kubelet}`,
    `--starts-in=${podsStartIn}`,
  ];
}

/**
 * Who writes what is logged with what they sent, reads only by name; the machinery of the cluster and the rigs' own account
 * are left out. State and secrets are logged by name alone: they would fill the disk.
 */
export const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'None', users: ['system:kube-controller-manager', 'system:kube-scheduler', 'system:apiserver'] },
    { level: 'None', userGroups: ['system:masters', 'system:serviceaccounts:kube-system', 'system:unauthenticated'] },
    { level: 'Metadata', resources: [{ group: '', resources: ['configmaps', 'secrets'] }] },
    { level: 'Request', verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'] },
    { level: 'Metadata' },
  ],
};
