/**
 * How fast a bad release is gone on a cluster, side by side in one run with `kubectl rollout undo` and with the real
 * controller of Argo Rollouts. One API server, five pods, the fast node of the tests. Goal (facts/rollouts.md): a rollback
 * after a promotion in at most 2 s in the median. `--quick`: one round of what takes Argo twenty seconds.
 *
 * The controller of Argo listens on every address: this runs in a network namespace of its own (package.json).
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { runBriefly } from '../src/kernel/subprocess.ts';
import { type AdminClient, createAdminClient } from '../test/cluster/admin-client.ts';
import { packedControlPlane } from '../test/cluster/control-plane-binary.ts';
import { type LocalCluster, startLocalCluster } from '../test/cluster/local-cluster.ts';
import { sharedFolder, unpackedArchive } from '../test/rigs/shared-tools.ts';
import { atMost, report } from './check.ts';
import { type ArgoFigures, measureArgo } from './kubernetes/argo-rollouts.ts';
import { undoWithKubectl } from './kubernetes/kubectl-undo.ts';
import { median } from './kubernetes/live-objects.ts';
import { measureSlipway } from './kubernetes/slipway.ts';

const REPLICAS = 5;
const GOAL = 2000;
const ROUNDS = process.argv.includes('--quick')
  ? { ours: 10, kubectl: 3, argo: { rollback: 1, bad: 1 }, bad: 3 }
  : { ours: 30, kubectl: 10, argo: { rollback: 3, bad: 3 }, bad: 10 };
const KINDS = [
  'istio-crds',
  'argo-rollout-crd',
  'argo-analysis-run-crd',
  'argo-analysis-template-crd',
  'argo-cluster-analysis-template-crd',
  'argo-experiment-crd',
];

const program = await packedControlPlane();
const shared = sharedFolder();
if (program === null || shared === null) {
  console.log('skipped: ../shared/cluster is not there, and with it neither a cluster nor Argo Rollouts');
  process.exit(0);
}
const folder = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
const cluster = await startLocalCluster({ folder: join(folder, 'cluster'), program, endsWithStarter: true });
const client = await createAdminClient(cluster.kubeconfig);
try {
  await measure(shared, cluster, client);
} finally {
  client.close();
  await cluster.down();
  rmSync(folder, { recursive: true, force: true });
}

async function measure(shared: string, { kubectl, kubeconfig }: LocalCluster, client: AdminClient): Promise<void> {
  for (const kind of KINDS) {
    const file = join(shared, 'data/crds', `${kind}.yaml`);
    const args = ['apply', '--server-side', '--filename', file, '--kubeconfig', kubeconfig];
    const { exitCode, stderr } = await runBriefly({ program: kubectl, args, cwd: '/', env: {} });
    if (exitCode !== 0) throw new Error(stderr);
  }
  for (const namespace of ['kubectl', 'slipway', 'argo']) {
    await client.apply(`/api/v1/namespaces/${namespace}`, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace },
    });
  }
  const common = { client, kubeconfig, replicas: REPLICAS };
  const undo = await undoWithKubectl({ ...common, kubectl, namespace: 'kubectl', rounds: ROUNDS.kubectl });
  const ours = await measureSlipway({ ...common, namespace: 'slipway' }, { rollback: ROUNDS.ours, bad: ROUNDS.bad });
  const argo = await measureController(common);

  const rollback = median(ours.rollback);
  console.log(`rollback after a promotion, ${REPLICAS} replicas, ms in the median (all of them):`);
  row('slipway rollback', ours.rollback, null);
  row('kubectl rollout undo', undo, rollback);
  if (argo !== null) {
    row('Argo Rollouts, rollbackWindow', argo.rollbackInWindow, rollback);
    row('Argo Rollouts, as it comes', argo.rollback, rollback);
  }
  console.log(
    'a candidate that fails half of its requests at 20 % of 100 requests/s: until the route names it no more',
  );
  bad('bad from the start', ours.badFromTheStart, argo?.badFromTheStart);
  bad('turns bad 1 s later', ours.turnsBad, argo?.turnsBad);
  console.log('  (Argo asks each 10 s and is told the truth at once; Slipway looks each second and counts requests)');
  report('goals', [atMost('slipway rollback, ms in the median', rollback, GOAL)]);
}

async function measureController(common: {
  readonly client: AdminClient;
  readonly kubeconfig: string;
  readonly replicas: number;
}): Promise<ArgoFigures | null> {
  const alone = Object.keys(networkInterfaces()).every((name) => name === 'lo');
  const programs = alone ? await unpackedArchive('cluster/peers/argo-flagger.tar.xz') : null;
  if (programs === null) {
    console.log('Argo Rollouts is left out: it needs its program and a network namespace (unshare, ip)');
    return null;
  }
  return measureArgo(
    { ...common, namespace: 'argo', program: join(programs, 'rollouts-controller'), folder },
    ROUNDS.argo,
  );
}

function row(who: string, values: readonly number[], ours: number | null): void {
  const middle = median(values);
  const ratio = ours === null ? '' : ` = ${(middle / ours).toFixed(2)} × ours`;
  const all = values.map((value) => Math.round(value)).join(' ');
  console.log(`  ${who.padEnd(30)} ${String(Math.round(middle)).padStart(6)}${ratio}   (${all})`);
}

function bad(what: string, ours: readonly number[], argo: readonly number[] | undefined): void {
  console.log(`  ${what}:`);
  row('  Slipway', ours, null);
  if (argo !== undefined) row('  Argo Rollouts, 10 s interval', argo, median(ours));
}
