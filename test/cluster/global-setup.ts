/**
 * One cluster for all files of `npm run test:cluster`: they find it by the environment (`SLIPWAY_TEST_CLUSTER`). With
 * `SLIPWAY_TEST_KUBECONFIG` it is one that is there already, and stays.
 */

import { rmSync } from 'node:fs';
import { temporaryFolder } from '../../src/kernel/workspace.ts';
import { CLUSTER_VARIABLE, createClusterRig, KUBECONFIG_VARIABLE } from '../rigs/cluster-rig.ts';
import { packedControlPlane } from './control-plane-binary.ts';
import { startLocalCluster } from './local-cluster.ts';

export default async function setUp(): Promise<() => Promise<void>> {
  if (process.env[KUBECONFIG_VARIABLE]) return () => Promise.resolve();
  const program = await packedControlPlane();
  if (program === null) {
    process.stdout.write(
      'SKIPPED: the tests on a cluster. ../shared/cluster/kubetest.tar.xz is not there (SLIPWAY_SHARED names another folder),\n' +
        `and ${KUBECONFIG_VARIABLE} names no cluster.\n`,
    );
    return () => Promise.resolve();
  }
  const folder = temporaryFolder('slipway-cluster-');
  const cluster = await startLocalCluster({ folder, program, endsWithStarter: true });
  process.env[CLUSTER_VARIABLE] = folder;
  const tearDown = async (): Promise<void> => {
    await cluster.down();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    // Whoever comes first would make the kinds; several files would want to be it.
    await (await createClusterRig())[Symbol.asyncDispose]();
  } catch (error) {
    await tearDown();
    throw error;
  }
  return tearDown;
}
