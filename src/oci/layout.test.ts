import { mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hexOf, sha256, type Digest } from '../kernel/digest.ts';
import { temporaryFolder } from '../kernel/workspace.ts';
import { copyImage } from './copy-image.ts';
import { MANIFEST } from './descriptor.ts';
import { openLayout, type Layout } from './layout.ts';
import { readImage, resolveInLayout } from './read-image.ts';
import { selectModule } from './read-module.ts';
import { putSampleImage, SAMPLE_MODULE } from './sample-image.ts';

let folder: string;
let layout: Layout;
beforeEach(() => {
  folder = temporaryFolder();
  layout = openLayout({ folder: join(folder, 'first'), create: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

const pathOf = (digest: Digest) => join(layout.folder, 'blobs', 'sha256', hexOf(digest));
const text = (content: string) => new TextEncoder().encode(content);

describe('a layout', () => {
  test('is opened only where one is, unless it is to be made', () => {
    expect(() => openLayout({ folder: join(folder, 'none') })).toThrow(
      expect.objectContaining({ code: 'oci/missing' }) as Error,
    );
    mkdirSync(join(folder, 'newer'));
    writeFileSync(join(folder, 'newer', 'oci-layout'), '{"imageLayoutVersion":"2.0.0"}');
    expect(() => openLayout({ folder: join(folder, 'newer'), create: true })).toThrow('only version 1.0.0');
  });

  test('gives back what was put in, and mends a damaged blob when it is put again', async () => {
    const digest = layout.put(text('content'));
    const descriptor = { digest, size: 7, mediaType: 'text/plain' };
    expect(await layout.read(descriptor, 100)).toEqual(Buffer.from('content'));
    writeFileSync(pathOf(digest), 'CONTENT');
    await expect(layout.read(descriptor, 100)).rejects.toMatchObject({ code: 'oci/digest-mismatch' });
    layout.put(text('content'));
    expect(await layout.read(descriptor, 100)).toEqual(Buffer.from('content'));
  });

  test('finds out a blob that is cut short, gone, or larger than is read', async () => {
    const digest = layout.put(text('content'));
    const descriptor = { digest, size: 7, mediaType: 'text/plain' };
    await expect(layout.read(descriptor, 6)).rejects.toMatchObject({ code: 'oci/limit' });
    truncateSync(pathOf(digest), 3);
    await expect(layout.read(descriptor, 100)).rejects.toMatchObject({ code: 'oci/digest-mismatch' });
    rmSync(pathOf(digest));
    await expect(layout.read(descriptor, 100)).rejects.toMatchObject({ code: 'oci/missing' });
  });

  test('knows an image by tag and by digest; a tag can move', async () => {
    const first = await putSampleImage(layout);
    const second = await putSampleImage(layout, 'other');
    await layout.tag('main', first.index);
    await layout.tag('main', second.index);
    await layout.tag('main-wasm', second.artifact);
    expect([...(await layout.tags()).keys()]).toEqual(['main', 'main-wasm']);
    expect((await resolveInLayout(layout, 'main')).digest).toBe(second.index.digest);
    expect(await resolveInLayout(layout, first.index.digest)).toEqual(first.index);
    await expect(resolveInLayout(layout, 'develop')).rejects.toMatchObject({ code: 'oci/missing' });
    await expect(resolveInLayout(layout, sha256('nothing'))).rejects.toMatchObject({ code: 'oci/missing' });
  });

  test('tags nothing that is not there, and keeps what others wrote', async () => {
    const { index } = await putSampleImage(layout);
    await expect(layout.tag('x', { ...index, digest: sha256('nothing') })).rejects.toThrow('is not in the layout');
    const foreign = { ...index, annotations: { 'org.example': 'ours' } };
    writeFileSync(join(layout.folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [foreign] }));
    await layout.tag('main', index);
    expect(await layoutIndex()).toContainEqual(foreign);
  });

  test('loses no tag when four writers tag at once', { timeout: 60_000 }, async () => {
    const { index } = await putSampleImage(layout);
    const here = Array.from({ length: 10 }, (_, at) => layout.tag(`here-${at}`, index));
    await Promise.all([...here, ...[0, 1, 2].map((writer) => tagInThread(writer, index))]);
    expect((await layout.tags()).size).toBe(40);
  });

  test('copies an image whole, and again without harm', async () => {
    const { index } = await putSampleImage(layout);
    const target = openLayout({ folder: join(folder, 'second'), create: true });
    await Promise.all([copyImage(layout, target, index), copyImage(layout, target, index)]);
    await copyImage(layout, target, index);
    expect(await readImage(target, index)).toEqual(await readImage(layout, index));
    expect(readdirSync(join(target.folder, 'blobs', 'sha256')).sort()).toEqual(
      readdirSync(join(layout.folder, 'blobs', 'sha256')).sort(),
    );
  });

  test('copies nothing of an image that is damaged at its end', async () => {
    const { index, artifact } = await putSampleImage(layout);
    writeFileSync(pathOf(artifact.digest), '{}');
    const target = openLayout({ folder: join(folder, 'second'), create: true });
    await expect(copyImage(layout, target, index)).rejects.toMatchObject({ code: 'oci/digest-mismatch' });
    expect(target.has(index.digest)).toBe(false);
  });

  async function layoutIndex(): Promise<readonly unknown[]> {
    const { readFile } = await import('node:fs/promises');
    const document: unknown = JSON.parse(await readFile(join(layout.folder, 'index.json'), 'utf8'));
    return (document as { manifests: readonly unknown[] }).manifests;
  }

  function tagInThread(writer: number, descriptor: unknown): Promise<void> {
    const code = `
      const { workerData } = require('node:worker_threads');
      import(workerData.module).then(async ({ openLayout }) => {
        const layout = openLayout({ folder: workerData.folder });
        for (let at = 0; at < 10; at += 1) await layout.tag(workerData.writer + '-' + at, workerData.descriptor);
      });`;
    const module = new URL('layout.ts', import.meta.url).href;
    const workerData = { module, folder: layout.folder, writer, descriptor };
    const worker = new Worker(code, { eval: true, workerData, execArgv: [] });
    return new Promise((resolve, reject) => {
      worker.on('error', reject);
      worker.on('exit', () => resolve());
    });
  }
});

describe('the module of an image', () => {
  test('comes from the artifact', async () => {
    const { index, artifact } = await putSampleImage(layout);
    await layout.tag('main', index);
    for (const reference of [index.digest, artifact.digest, 'main']) {
      const { bytes, digest } = await selectModule(layout, reference);
      expect(Buffer.from(bytes)).toEqual(SAMPLE_MODULE);
      expect(digest).toBe(sha256(SAMPLE_MODULE));
    }
  });

  test('comes from /app.wasm of the wasi/wasm child where there is no artifact', async () => {
    const { children } = await putSampleImage(layout);
    const wasi = children[2];
    if (wasi === undefined) throw new Error('no wasi child');
    expect(wasi.mediaType).toBe(MANIFEST);
    expect(Buffer.from((await selectModule(layout, wasi.digest)).bytes)).toEqual(SAMPLE_MODULE);
  });

  test('is not found in a Linux child', async () => {
    const { children } = await putSampleImage(layout);
    await expect(selectModule(layout, children[0]?.digest ?? '')).rejects.toMatchObject({ code: 'oci/no-module' });
  });
});
