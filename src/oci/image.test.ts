import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../kernel/workspace.ts';
import { creationTime } from './creation-time.ts';
import { openLayout, type Layout } from './layout.ts';
import { readImage } from './read-image.ts';
import { putSampleImage } from './sample-image.ts';

let folder: string;
let layout: Layout;
beforeEach(() => {
  folder = temporaryFolder();
  layout = openLayout({ folder, create: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('an image', () => {
  test('has one digest for one recipe, for ever', async () => {
    expect((await putSampleImage(layout)).index.digest).toBe(
      'sha256:892d75b848b35a9860087d6798a9cf2ccf992fa1b27883fca1f81d15b00ff7fb',
    );
  });

  test('has the same digest and the same modes under another umask, time zone, locale and folder', () => {
    const script = `
      const { openLayout } = await import(${JSON.stringify(new URL('layout.ts', import.meta.url).href)});
      const { putSampleImage } = await import(${JSON.stringify(new URL('sample-image.ts', import.meta.url).href)});
      const layout = openLayout({ folder: process.argv[1], create: true });
      process.stdout.write((await putSampleImage(layout)).index.digest);`;
    const build = (umask: string, env: Record<string, string>) =>
      execFileSync(
        'sh',
        [
          '-c',
          'umask "$1"; exec "$2" --input-type=module -e "$3" "$4"',
          'sh',
          umask,
          process.execPath,
          script,
          join(folder, umask),
        ],
        { env, encoding: 'utf8' },
      );
    const here = build('022', { TZ: 'UTC', LC_ALL: 'C' });
    expect(here).toMatch(/^sha256:/);
    expect(build('077', { TZ: 'Pacific/Kiritimati', LC_ALL: 'tr_TR.UTF-8', HOME: '/nowhere' })).toBe(here);
  });

  test('has another digest for another service', async () => {
    expect((await putSampleImage(layout, 'other')).index).not.toEqual((await putSampleImage(layout)).index);
  });

  test('is read back whole: Linux first, then wasi/wasm, then the artifact, all with one app layer', async () => {
    const { index } = await putSampleImage(layout);
    const { children } = await readImage(layout, index);
    const platforms = children.map(({ descriptor }) => descriptor.platform);
    expect(platforms).toEqual([
      { os: 'linux', architecture: 'amd64' },
      { os: 'linux', architecture: 'arm64' },
      { os: 'wasi', architecture: 'wasm' },
      { os: 'wasip2', architecture: 'wasm' },
    ]);
    const [amd64, arm64, wasi, artifact] = children;
    expect(amd64?.manifest.layers[1]).toEqual(wasi?.manifest.layers[0]);
    expect(arm64?.manifest.layers[1]).toEqual(wasi?.manifest.layers[0]);
    expect(amd64?.manifest.layers[0]).not.toEqual(arm64?.manifest.layers[0]);
    expect(artifact).toMatchObject({
      kind: 'artifact',
      config: { os: 'wasip2', layerDigests: [artifact?.manifest.layers[0]?.digest] },
    });
    expect(artifact?.manifest.config.mediaType).toBe('application/vnd.wasm.config.v0+json');
  });
});

describe('the time of creation', () => {
  test('is the epoch unless SOURCE_DATE_EPOCH says otherwise', () => {
    expect(creationTime({})).toBe('1970-01-01T00:00:00Z');
    expect(creationTime({ SOURCE_DATE_EPOCH: '1700000000' })).toBe('2023-11-14T22:13:20Z');
    expect(creationTime({ SOURCE_DATE_EPOCH: '253402300799' })).toBe('9999-12-31T23:59:59Z');
  });

  test.each(['', '-1', '1.5', '0x10', '1e3', ' 1', '253402300800', '9'.repeat(20), 'now'])('is refused: %j', (text) => {
    expect(() => creationTime({ SOURCE_DATE_EPOCH: text })).toThrow(
      expect.objectContaining({ code: 'oci/epoch', kind: 'usage' }) as Error,
    );
  });
});
