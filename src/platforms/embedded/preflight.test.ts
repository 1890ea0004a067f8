import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { contextOf, createEmbeddedRig, type Wanted } from '../../../test/rigs/embedded-rig.ts';
import { GATEWAY, MISBEHAVE } from '../../../test/rigs/replica-rig.ts';
import { systemClock } from '../../kernel/clock.ts';
import { sha256 } from '../../kernel/digest.ts';
import type { EmbeddedPlatform } from './embedded-platform.ts';
import { openSecretStore } from './secret-store.ts';

function check(platform: EmbeddedPlatform, wanted: Omit<Wanted, 'releases'>): Promise<string | null> {
  const context = contextOf({ ...wanted, releases: { 1: {} } });
  const [release] = Object.values(context.releases);
  if (release === undefined) throw new Error('no release');
  return platform.check(context, release);
}

test('a release of which all is there can run: a component and a core module', async () => {
  await using rig = createEmbeddedRig();
  const platform = rig.realPlatform();
  const secrets = await openSecretStore({ home: rig.home, clock: systemClock }).put({ TOKEN: 'value' });
  expect(await check(platform, { image: await rig.putImage(MISBEHAVE), secrets })).toBeNull();
  expect(await check(platform, { image: await rig.putImage(GATEWAY) })).toBeNull();
});

test('what is missing is named: the image, the version of a secret, a module that can be run', async () => {
  await using rig = createEmbeddedRig();
  const platform = rig.realPlatform();
  const image = await rig.putImage(MISBEHAVE);
  const nowhere = sha256('nowhere');
  expect(await check(platform, { image: nowhere })).toContain(nowhere);
  const secrets = { TOKEN: '0123456789abcdef' };
  expect(await check(platform, { image, secrets })).toMatch(/no longer the version of TOKEN/);
  const junk = join(rig.home, 'junk.wasm');
  writeFileSync(junk, Buffer.from('0061736d01000000', 'hex'));
  expect(await check(platform, { image: await rig.putImage(junk) })).toMatch(/does not export _start/);
});
