/** The cluster of the demo: one of its own on this machine, or the one that somebody names; with the Gateway API in it. */

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type AdminClient, createAdminClient } from '../../test/cluster/admin-client.ts';
import { builtControlPlane, packedControlPlane } from '../../test/cluster/control-plane-binary.ts';
import { startLocalCluster } from '../../test/cluster/local-cluster.ts';
import { KUBECONFIG_VARIABLE } from '../../test/rigs/cluster-rig.ts';
import { sharedFolder } from '../../test/rigs/shared-tools.ts';
import { seconds } from '../stage.ts';

export interface DemoCluster {
  readonly admin: AdminClient;
  /** Of an administrator. */
  readonly kubeconfig: string;
  /** What the API server wrote down; `null`: of somebody else's cluster nobody shows it to us. */
  readonly auditLog: string | null;
  /** Runs kubectl as the administrator, with this as its standard input; its output. */
  kubectl(args: readonly string[], input?: string): string;
  down(): Promise<void>;
}

/** The same as the tests' own definitions of its kinds. */
const GATEWAY_API = 'sigs.k8s.io/gateway-api@v1.6.1';
const DEFINITIONS = ['gatewayclasses', 'gateways', 'httproutes'];
/** Until a pod is ready. */
const PODS_START_IN = 700;

/** How the demo can have a cluster here: at once, after a build, or not at all. */
export async function clusterToHave(): Promise<'named' | 'packed' | 'built' | null> {
  if (process.env[KUBECONFIG_VARIABLE]) return 'named';
  if ((await packedControlPlane()) !== null) return 'packed';
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
    return 'built';
  } catch {
    return null;
  }
}

/** Resolves when it works; says how it went. */
export async function openCluster(folder: string): Promise<DemoCluster> {
  const named = process.env[KUBECONFIG_VARIABLE];
  if (named) {
    console.log(`The cluster is that of ${named}.`);
    return prepared({ kubeconfig: named, program: 'kubectl', auditLog: null, end: () => Promise.resolve() });
  }
  const packed = await packedControlPlane();
  if (packed === null) {
    console.log('The control plane of Kubernetes is built from its Go modules first, once: a quarter of an hour.');
  }
  const program = packed ?? (await builtControlPlane());
  const began = performance.now();
  const cluster = await startLocalCluster({ folder, program, podsStartIn: PODS_START_IN, endsWithStarter: true });
  const { kubeconfig, auditLog } = cluster;
  const took = seconds(performance.now() - began);
  console.log(`A Kubernetes of its own is up after ${took}: etcd, the API server, controllers, the scheduler.`);
  console.log('Only its node is played: no container runs in its pods, and no request flows through them.');
  return prepared({ kubeconfig, program: cluster.kubectl, auditLog, end: () => cluster.down() });
}

interface Reached {
  readonly kubeconfig: string;
  readonly program: string;
  readonly auditLog: string | null;
  readonly end: () => Promise<void>;
}

async function prepared({ kubeconfig, program, auditLog, end }: Reached): Promise<DemoCluster> {
  const kubectl: DemoCluster['kubectl'] = (args, input = '') =>
    execFileSync(program, ['--kubeconfig', kubeconfig, ...args], { input, encoding: 'utf8' });
  try {
    const admin = await createAdminClient(kubeconfig);
    const known = await admin.ask('GET', '/apis/gateway.networking.k8s.io/v1');
    if (known.status !== 200) defineGatewayApi(kubectl);
    return {
      admin,
      kubeconfig,
      auditLog,
      kubectl,
      async down() {
        admin.close();
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

function defineGatewayApi(kubectl: DemoCluster['kubectl']): void {
  const shared = join(sharedFolder() ?? '', 'data/crds');
  const files = existsSync(join(shared, 'gateway-httproutes.yaml'))
    ? DEFINITIONS.map((plural) => join(shared, `gateway-${plural}.yaml`))
    : DEFINITIONS.map((plural) => join(moduleFolder(), `gateway.networking.k8s.io_${plural}.yaml`));
  kubectl(['apply', '--server-side', ...files.flatMap((file) => ['--filename', file])]);
  const names = DEFINITIONS.map((plural) => `crd/${plural}.gateway.networking.k8s.io`);
  kubectl(['wait', '--for=condition=Established', '--timeout=60s', ...names]);
}

/** Where the Go module of the Gateway API has its definitions. */
function moduleFolder(): string {
  const told = execFileSync('go', ['mod', 'download', '-json', GATEWAY_API], { cwd: '/', encoding: 'utf8' });
  return join((JSON.parse(told) as { readonly Dir: string }).Dir, 'config/crd/standard');
}
