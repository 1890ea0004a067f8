import { rmSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sha256, type Json } from '../kernel/digest.ts';
import { Fault } from '../kernel/fault.ts';
import { temporaryFolder } from '../kernel/workspace.ts';
import { describeImage } from './describe-image.ts';
import {
  createBlob,
  createDocument,
  IMAGE_CONFIG,
  INDEX,
  LAYER_TAR_GZIP,
  MANIFEST,
  WASM_CONFIG,
  WASM_LAYER,
  type Descriptor,
} from './descriptor.ts';
import { openLayout, type Layout } from './layout.ts';
import { readImage } from './read-image.ts';
import { selectModule } from './read-module.ts';
import { putSampleImage } from './sample-image.ts';
import { writeTar } from './tar.ts';

type Members = { readonly [key: string]: Json | undefined };

let folder: string;
let layout: Layout;
beforeEach(() => {
  folder = temporaryFolder();
  layout = openLayout({ folder, create: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(mediaType: string, value: Members): Descriptor {
  const document = createDocument(mediaType, value);
  layout.put(document.bytes);
  return document.descriptor;
}

function putBlob(mediaType: string, bytes: Uint8Array): Descriptor {
  layout.put(bytes);
  return createBlob(mediaType, bytes).descriptor;
}

const WASI = { os: 'wasi', architecture: 'wasm' };

function wasiChild(change: { config?: Members; manifest?: Members; layer?: Uint8Array } = {}): Descriptor {
  const archive =
    change.layer ?? gzipSync(writeTar([{ kind: 'file', path: 'app.wasm', content: Buffer.from('wasm') }]));
  const layer = putBlob(LAYER_TAR_GZIP, archive);
  const rootfs = { type: 'layers', diff_ids: [sha256('archive')] };
  const config = put(IMAGE_CONFIG, { ...WASI, config: { Entrypoint: ['/app.wasm'] }, rootfs, ...change.config });
  return put(MANIFEST, { schemaVersion: 2, mediaType: MANIFEST, config, layers: [layer], ...change.manifest });
}

function artifact(change: { config?: Members; manifest?: Members } = {}): Descriptor {
  const layer = putBlob(WASM_LAYER, Buffer.from('module'));
  const component = { imports: [], exports: [], target: null };
  const members = { architecture: 'wasm', os: 'wasip2', layerDigests: [layer.digest], component, ...change.config };
  const config = put(WASM_CONFIG, members);
  return put(MANIFEST, { schemaVersion: 2, mediaType: MANIFEST, config, layers: [layer], ...change.manifest });
}

function index(manifests: Json, more: Members = {}): Descriptor {
  return put(INDEX, { schemaVersion: 2, mediaType: INDEX, manifests, ...more });
}

const malformed = { code: 'oci/malformed', kind: 'refused' };

describe('an image that is as it should be', () => {
  test('is read: the samples of the tests below are refused for what was changed in them', async () => {
    const { children } = await readImage(layout, index([{ ...wasiChild(), platform: WASI }, artifact()]));
    expect(children.map(({ kind }) => kind)).toEqual(['container', 'artifact']);
  });

  test('is described for people', async () => {
    const image = await putSampleImage(layout);
    await layout.tag('main', image.index);
    const description = await describeImage(layout, 'main');
    expect(description).toMatchObject({ digest: image.index.digest, tags: ['main'] });
    expect(description.children.map(({ platform, kind }) => [platform, kind])).toEqual([
      ['linux/amd64', 'container'],
      ['linux/arm64', 'container'],
      ['wasi/wasm', 'container'],
      ['wasip2/wasm', 'artifact'],
    ]);
    expect(description.children[0]).toMatchObject({
      entrypoint: ['/bin/x'],
      environment: ['PATH=/bin'],
      ports: ['8080/tcp'],
      user: '65532:65532',
      created: '1970-01-01T00:00:00Z',
      component: null,
    });
    expect(description.children[3]?.component?.target).toBe('wasi:http/proxy');
  });

  test('may hold children that we do not know', async () => {
    const config = put('application/vnd.example+json', {});
    const unknown = put(MANIFEST, { schemaVersion: 2, mediaType: MANIFEST, config, layers: [] });
    const { children } = await readImage(layout, index([unknown]));
    expect(children.map(({ kind }) => kind)).toEqual(['other']);
  });
});

describe('a hostile index', () => {
  test.each<[string, () => Members]>([
    ['is also a manifest (CVE-2021-41190)', () => ({ layers: [], config: artifact() })],
    ['is also half a manifest', () => ({ layers: [] })],
    ['calls itself a manifest', () => ({ mediaType: MANIFEST })],
    ['is of another schema', () => ({ schemaVersion: 1 })],
    ['has too many children', () => ({ manifests: Array.from({ length: 65 }, () => artifact()) })],
    ['has no list of children', () => ({ manifests: { 0: artifact() } })],
    ['holds an index', () => ({ manifests: [index([])] })],
    [
      'holds a child that claims to be something else',
      () => ({ manifests: [{ ...artifact(), mediaType: WASM_LAYER }] }),
    ],
    ['has a negative size', () => ({ manifests: [{ ...artifact(), size: -1 }] })],
    ['has a size that is no whole number', () => ({ manifests: [{ ...artifact(), size: 1.5 }] })],
    ['has a size in quotes', () => ({ manifests: [{ ...artifact(), size: '12' }] })],
    ['has a digest that is a path', () => ({ manifests: [{ ...artifact(), digest: 'sha256:../../../etc/passwd' }] })],
    ['has a digest of another kind', () => ({ manifests: [{ ...artifact(), digest: `md5:${'0'.repeat(32)}` }] })],
    [
      'names a platform that the config does not',
      () => ({ manifests: [{ ...wasiChild(), platform: { os: 'linux', architecture: 'amd64' } }] }),
    ],
  ])('that %s is malformed', async (_, change) => {
    await expect(readImage(layout, index([], change()))).rejects.toMatchObject(malformed);
  });

  test.each([
    ['lies about the size of a child', { size: 3 }, 'oci/digest-mismatch'],
    ['names a child that is not there', { digest: sha256('nothing') }, 'oci/missing'],
    ['names a child of 2^50 bytes', { size: 2 ** 50 }, 'oci/limit'],
  ])('that %s is refused', async (_, change, code) => {
    await expect(readImage(layout, index([{ ...artifact(), ...change }]))).rejects.toMatchObject({ code });
  });

  test.each(['', 'null', '[]', '{', '"x"', '\u0000', '{"schemaVersion":2}'])(
    'of the content %j is malformed',
    async (text) => {
      await expect(readImage(layout, putBlob(INDEX, Buffer.from(text)))).rejects.toMatchObject(malformed);
    },
  );

  test('that is not UTF-8, or nested without end, is malformed', async () => {
    await expect(readImage(layout, putBlob(INDEX, Buffer.from([0x22, 0xff, 0x22])))).rejects.toMatchObject(malformed);
    const deep = Buffer.from('['.repeat(100_000));
    await expect(readImage(layout, putBlob(INDEX, deep))).rejects.toMatchObject(malformed);
  });
});

describe('a hostile manifest', () => {
  test.each<[string, () => Descriptor]>([
    ['is also an index', () => artifact({ manifest: { manifests: [] } })],
    ['has more layers than diff_ids', () => wasiChild({ config: { rootfs: { type: 'layers', diff_ids: [] } } })],
    ['is an artifact with two layers', () => twoLayers()],
    ['is an artifact whose config names other layers', () => artifact({ config: { layerDigests: [sha256('other')] } })],
    ['is an artifact for wasip2 without a component', () => artifact({ config: { component: null } })],
    ['is an artifact for a machine', () => artifact({ config: { architecture: 'amd64' } })],
  ])('that %s is malformed', async (_, child) => {
    await expect(readImage(layout, index([child()]))).rejects.toMatchObject(malformed);
  });

  function twoLayers(): Descriptor {
    const layers = [putBlob(WASM_LAYER, Buffer.from('module')), putBlob(WASM_LAYER, Buffer.from('second'))];
    return artifact({ manifest: { layers }, config: { layerDigests: layers.map(({ digest }) => digest) } });
  }
});

describe('a hostile layer', () => {
  test('that is a bomb is stopped at the limit', async () => {
    const bomb = gzipSync(Buffer.alloc(300 * 1024 * 1024), { level: 1 });
    await expect(selectModule(layout, wasiChild({ layer: bomb }).digest)).rejects.toMatchObject({ code: 'oci/limit' });
  });

  test.each([
    ['no gzip', Buffer.from('not compressed')],
    ['no archive', gzipSync(Buffer.alloc(700, 'x'))],
    [
      'cut short',
      gzipSync(writeTar([{ kind: 'file', path: 'app.wasm', content: Buffer.alloc(5000) }]).subarray(0, 1024)),
    ],
  ])('that is %s is malformed', async (_, layer) => {
    await expect(selectModule(layout, wasiChild({ layer }).digest)).rejects.toMatchObject(malformed);
  });

  test('with any bytes changed gives a module or a Fault, and ends', async () => {
    const archive = writeTar([
      { kind: 'file', path: `long/${'x'.repeat(150)}.txt`, content: Buffer.from('other') },
      { kind: 'file', path: 'app.wasm', content: Buffer.alloc(700, 'w') },
      { kind: 'file', path: 'ü', content: Buffer.alloc(10) },
    ]);
    const change = fc.tuple(fc.nat(archive.length - 1), fc.uint8Array({ minLength: 1, maxLength: 12 }));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const changed = Buffer.from(archive);
        for (const [at, bytes] of changes) changed.set(bytes.subarray(0, changed.length - at), at);
        const found = selectModule(layout, wasiChild({ layer: gzipSync(changed) }).digest);
        const outcome = await found.then(
          ({ bytes }) => (bytes.length <= changed.length ? 'module' : 'more than there was'),
          (error: unknown) => (error instanceof Fault ? error.code : error),
        );
        expect(['module', 'oci/malformed', 'oci/no-module']).toContain(outcome);
      }),
    );
  });

  test('writes nothing anywhere, and its links lead nowhere', async () => {
    const layer = gzipSync(writeTar([{ kind: 'link', path: 'app.wasm', target: '/etc/passwd' }]));
    await expect(selectModule(layout, wasiChild({ layer }).digest)).rejects.toMatchObject({ code: 'oci/no-module' });
  });

  test('of an artifact that is not called WebAssembly is malformed', async () => {
    const layers = [{ ...putBlob(WASM_LAYER, Buffer.from('module')), mediaType: 'application/x-elf' }];
    await expect(selectModule(layout, artifact({ manifest: { layers } }).digest)).rejects.toMatchObject(malformed);
  });
});
