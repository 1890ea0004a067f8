import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createServingRig } from '../../../test/rigs/engine-rig.ts';
import { temporaryFolder } from '../../kernel/workspace.ts';
import { openJournal, openSystem, type System } from '../../system.ts';
import { clustersLeft } from './clusters-left.ts';

async function createHome(onCluster: readonly string[], live: readonly string[]): Promise<System> {
  const folder = temporaryFolder();
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const system = openSystem({ SLIPWAY_HOME: join(folder, 'home'), SLIPWAY_CACHE: join(folder, 'cache') });
  mkdirSync(system.home, { recursive: true });
  const booked = { cluster: { kubeconfig: null, context: 'prod', namespace: 'shop' }, standsBy: true };
  if (onCluster.length > 0) {
    const book = Object.fromEntries(onCluster.map((key) => [key, booked]));
    writeFileSync(join(system.home, 'clusters.json'), JSON.stringify(book));
  }
  const journal = await openJournal(system);
  const rig = await createServingRig();
  const told = rig.journal.read({ subject: 'herald/local' });
  for (const subject of [...onCluster, ...live]) {
    journal.append(told.map(({ kind, data }) => ({ kind, data, subject })));
    if (!live.includes(subject)) journal.append([{ kind: 'environment.removed', data: {}, subject }]);
  }
  journal.close();
  return system;
}

test('what lives on clusters is named, and neither what was removed there nor what ends with the home', async () => {
  const clusters = ['greeter/production', 'greeter/staging', 'greeter/old'];
  const home = await createHome(clusters, ['greeter/local', 'greeter/production', 'greeter/staging']);
  expect(await clustersLeft(home)).toBe('On clusters go on: greeter/production, greeter/staging.');
});

test('where nothing does, nothing is said', async () => {
  expect(await clustersLeft(await createHome([], ['greeter/local']))).toBeNull();
  expect(await clustersLeft(await createHome(['greeter/old'], []))).toBeNull();
});
