/** A Deployment that has the number of a release and is not its own: of a record that was lost. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KubernetesPlatform } from '../../src/platforms/kubernetes/index.ts';
import { sampleRelease, sampleRoute } from '../../src/platforms/kubernetes/objects/sample-context.ts';
import { type ClusterRig, clusterAtHand, createClusterRig } from '../rigs/cluster-rig.ts';
import { createStage } from './platform-stage.ts';

describe.skipIf(!(await clusterAtHand()))('what has the number of a release', () => {
  let cluster: ClusterRig;
  const platforms: KubernetesPlatform[] = [];
  beforeAll(async () => {
    cluster = await createClusterRig();
  });
  afterAll(async () => {
    for (const platform of platforms) platform.close();
    await cluster?.[Symbol.asyncDispose]();
  });
  const scale = { kind: 'scale', release: 1, replicas: 1 } as const;

  test('another release of the same number, of a record that was lost, is not taken for this one', async () => {
    const { first, context, platform } = await createStage(cluster, { traffic: 'service' }, platforms);
    await first.apply(context, scale);
    await first.apply(context, sampleRoute({ 1: 1 }));
    const other = { ...context, releases: { 1: sampleRelease(1, { secrets: {}, config: { GREETING: 'other' } }) } };
    const next = platform();
    const lost = { code: 'kubernetes/lost-record', kind: 'refused' };
    await expect(next.observe(other)).rejects.toMatchObject(lost);
    await expect(next.apply(other, scale)).rejects.toMatchObject(lost);
    expect((await first.observe(context)).releases[1]?.desired).toBe(1);
  });
});
