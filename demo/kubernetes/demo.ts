/**
 * `npm run demo:kubernetes`: the same story on a real Kubernetes API server, with the command line and the least rights, from
 * two machines. Every claim is checked against the cluster's own objects and the log of its API server. Exits with 1 if one
 * is false. `--if-there`: not where a cluster would have to be built first.
 */

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startFakeRegistry } from '../../src/oci/fake-registry.ts';
import { leftoversOf } from '../../test/leftovers.ts';
import { createClaims } from '../claims.ts';
import { createScratch, pause } from '../stage.ts';
import { clusterToHave, openCluster } from './cluster.ts';
import { tell } from './story.ts';

const have = await clusterToHave();
if (have === null || (have === 'built' && process.argv.includes('--if-there'))) {
  console.log('SKIPPED: the demo on a cluster. ../shared/cluster is not there (SLIPWAY_SHARED names another folder),');
  console.log(
    'SLIPWAY_TEST_KUBECONFIG names no cluster, and none is built here: that takes Go and a quarter of an hour.',
  );
  process.exit(0);
}

const claims = createClaims();
const scratch = createScratch();
const endings: (() => unknown)[] = [() => rmSync(scratch, { recursive: true, force: true })];
try {
  mkdirSync(join(scratch, 'cluster'), { mode: 0o700 });
  const cluster = await openCluster(join(scratch, 'cluster'));
  endings.push(() => cluster.down());
  const registry = await startFakeRegistry();
  endings.push(() => registry.close());
  await tell({ scratch, cluster, registry, claims, atEnd: (end) => endings.push(end) });
} catch (error) {
  claims.check(false, `the demo went to its end: ${error instanceof Error ? error.stack : String(error)}`);
} finally {
  for (const end of endings.toReversed()) await attempt(end);
  const left = await leftAfter(3000);
  claims.check(
    left.length === 0,
    `${have === 'named' ? '' : 'the cluster is down, '}no process is left${left.map(({ pid, command }) => `: ${pid} ${command}`).join('')}`,
  );
}
console.log(claims.broken === 0 ? '\nEverything held.' : `\n${claims.broken} claims were false.`);
process.exitCode = claims.broken === 0 ? 0 : 1;

/** Whatever is left is found and told afterwards. */
async function attempt(end: () => unknown): Promise<void> {
  try {
    await end();
  } catch (error) {
    console.log(`  ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function leftAfter(patience: number): Promise<ReturnType<typeof leftoversOf>> {
  const deadline = performance.now() + patience;
  while (leftoversOf(scratch).length > 0 && performance.now() < deadline) await pause(50);
  return leftoversOf(scratch);
}
