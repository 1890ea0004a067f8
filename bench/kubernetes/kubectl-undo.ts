/** The peer that everybody has: a Deployment, and `kubectl rollout undo` after its new version has fully arrived. */

import { runBriefly } from '../../src/kernel/subprocess.ts';
import type { AdminClient } from '../../test/cluster/admin-client.ts';
import { createSight, imageOf, isReady } from './live-objects.ts';

export interface UndoOptions {
  readonly client: AdminClient;
  readonly kubectl: string;
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly replicas: number;
  readonly rounds: number;
}

/** Milliseconds from the call of kubectl until all pods that are left are ready ones of the version before. */
export async function undoWithKubectl(options: UndoOptions): Promise<readonly number[]> {
  const { client, kubectl, kubeconfig, namespace, replicas, rounds } = options;
  const sight = createSight(client);
  const pods = sight.follow(`/api/v1/namespaces/${namespace}/pods`);
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/service`;
  const set = (image: string): Promise<unknown> => client.apply(path, deployment(image, replicas));
  const allOf = (image: string) => (): boolean =>
    pods.objects().length === replicas && pods.objects().every((pod) => imageOf(pod) === image && isReady(pod));
  const taken: number[] = [];
  try {
    for (let round = 0; round < rounds; round += 1) {
      await set('x:good');
      await sight.when('the good version', allOf('x:good'));
      await set(`x:v${round}`);
      await sight.when('the new version', allOf(`x:v${round}`));
      const from = performance.now();
      const args = ['rollout', 'undo', 'deployment/service', '--namespace', namespace, '--kubeconfig', kubeconfig];
      const { exitCode, stderr } = await runBriefly({ program: kubectl, args, cwd: '/', env: {} });
      if (exitCode !== 0) throw new Error(stderr);
      taken.push((await sight.when('the good version again', allOf('x:good'))) - from);
    }
  } finally {
    sight.close();
  }
  return taken;
}

function deployment(image: string, replicas: number): object {
  const labels = { app: 'service' };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'service' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'c', image }] } },
    },
  };
}
