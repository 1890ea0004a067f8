import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../kernel/clock.ts';
import { sha256 } from '../kernel/digest.ts';
import { temporaryFolder } from '../kernel/workspace.ts';
import { copyImage } from './copy-image.ts';
import { INDEX, MANIFEST } from './descriptor.ts';
import { answer, startFakeRegistry, type FakeRegistry } from './fake-registry.ts';
import type { Image } from './image.ts';
import { openLayout, type Layout } from './layout.ts';
import { pushImage } from './push-image.ts';
import { readImage } from './read-image.ts';
import { parseReference } from './reference.ts';
import { createRepository, type Repository } from './registry.ts';
import { putSampleImage } from './sample-image.ts';

let folder: string;
let layout: Layout;
let image: Image;
let registry: FakeRegistry;
let repository: Repository;
let waits: number[];

beforeEach(async () => {
  folder = temporaryFolder();
  layout = openLayout({ folder: join(folder, 'layout'), create: true });
  image = await putSampleImage(layout);
  registry = await startFakeRegistry();
  waits = [];
  // Waiting takes no time here; how long it would have been is what the tests look at.
  const clock: Clock = {
    wall: () => Date.UTC(2026, 0, 1),
    monotonic: () => 0,
    sleep: (milliseconds) => Promise.resolve(void waits.push(milliseconds)),
  };
  repository = createRepository({ reference: parseReference(`${registry.host}/acme/greeter`), clock });
});
afterEach(async () => {
  await registry.close();
  rmSync(folder, { recursive: true });
});

const push = (tags: readonly string[] = ['main'], mountFrom?: string) =>
  pushImage({ layout, index: image.index, repository, tags, ...(mountFrom === undefined ? {} : { mountFrom }) });
const uploads = () => registry.requests.filter((line) => line.startsWith('PUT') && line.includes('/blobs/'));

describe('a push', () => {
  test('sends everything, children before the index, and the registry gives back the same image', async () => {
    const pushed = await push();
    expect(pushed.reference).toBe(`${registry.host}/acme/greeter@${image.index.digest}`);
    expect(registry.requests.filter((line) => line.startsWith('PUT') && line.includes('/manifests/'))).toEqual([
      ...[...image.children, image.artifact, image.index].map(
        ({ digest }) => `PUT /v2/acme/greeter/manifests/${digest}`,
      ),
      'PUT /v2/acme/greeter/manifests/main',
      'PUT /v2/acme/greeter/manifests/main-wasm',
    ]);
    const main = await repository.resolve('main');
    expect(main).toEqual({ mediaType: INDEX, digest: image.index.digest, size: image.index.size });
    expect(await repository.digestOf('main-wasm')).toBe(image.artifact.digest);
    mkdirSync(join(folder, 'pulled'));
    const pulled = openLayout({ folder: join(folder, 'pulled'), create: true });
    await copyImage(repository, pulled, image.index);
    expect(await readImage(pulled, image.index)).toEqual(await readImage(layout, image.index));
  });

  test('sends nothing the second time', async () => {
    await push();
    registry.requests.length = 0;
    const again = await push();
    expect(again.uploaded).toEqual([]);
    expect(registry.requests.every((line) => line.startsWith('HEAD'))).toBe(true);
  });

  test('after a change of the module sends it, its layer, and the documents that name them', async () => {
    await push();
    registry.requests.length = 0;
    image = await putSampleImage(layout, 'greeter', Buffer.from('0061736d0d000101', 'hex'));
    const pushed = await push();
    const blobs = ['module', 'layer', 'config amd64', 'config arm64', 'config wasi', 'config artifact'];
    const manifests = ['amd64', 'arm64', 'wasi', 'artifact', 'index'];
    expect(uploads()).toHaveLength(blobs.length);
    expect(pushed.uploaded).toHaveLength(blobs.length + manifests.length);
    expect(pushed.present).toHaveLength(['runtime amd64', 'runtime arm64'].length);
  });

  test('takes over layers of another repository', async () => {
    await push();
    registry.manifests.clear();
    registry.fail(/HEAD .*\/blobs\//, ...Array.from({ length: 12 }, () => answer(404)));
    const { mounted } = await push(['main'], 'acme/base');
    expect(mounted.length).toBeGreaterThan(5);
    expect(registry.requests).toContainEqual(expect.stringContaining('from=acme%2Fbase'));
  });

  test('uploads when the registry can not mount', async () => {
    registry.fail(/POST .*mount=/, ...Array.from({ length: 20 }, () => answer(400)));
    expect((await push(['main'], 'acme/base')).mounted).toEqual([]);
    expect(await repository.digestOf('main')).toBe(image.index.digest);
  });
});

describe('a failure that passes', () => {
  test.each([
    ['a 500 to a look', /HEAD .*blobs/, answer(500)],
    ['a 503 to the start of an upload', /POST/, answer(503)],
    ['a connection that is cut in an upload', /PUT .*blobs/, 'reset' as const],
    ['a connection that is cut before a manifest', /PUT .*manifests\/sha/, 'reset' as const],
  ])('does not end the push: %s', async (_, pattern, fault) => {
    registry.fail(pattern, fault, fault);
    await push();
    expect(await repository.digestOf('main')).toBe(image.index.digest);
    expect(waits).toEqual([500, 1000]);
  });

  test('is waited for as long as the registry asks, at most a minute', async () => {
    const date = new Date(Date.UTC(2026, 0, 1, 0, 0, 7)).toUTCString();
    registry.fail(/HEAD/, answer(429, { 'retry-after': '3' }), answer(429, { 'retry-after': date }));
    registry.fail(/PUT/, answer(429, { 'retry-after': '86400' }), answer(429, { 'retry-after': 'soon' }));
    await push();
    expect(waits).toEqual([3000, 7000, 60_000, 1000]);
  });

  test('that does not pass is told after five attempts', async () => {
    registry.fail(/HEAD/, ...Array.from({ length: 5 }, () => answer(502)));
    await expect(push()).rejects.toMatchObject({ code: 'registry/unreachable', kind: 'unreachable', retryable: true });
    expect(waits).toEqual([500, 1000, 2000, 4000]);
  });
});

describe('a registry that does not want', () => {
  test.each([401, 403])('says so: %i to whom has no credential', async (status) => {
    registry.fail(/POST/, answer(status));
    await expect(push()).rejects.toMatchObject({ code: 'registry/unauthorized' });
  });

  test('can not send us to an inner network to sign in', async () => {
    registry.fail(/POST/, answer(401, { 'www-authenticate': 'Bearer realm="http://169.254.169.254/"' }));
    await expect(push()).rejects.toMatchObject({ code: 'registry/untrusted-location' });
    expect(registry.requests.filter((line) => !line.includes('/v2/acme/greeter/'))).toEqual([]);
  });

  test('can not steer the terminal by its words', async () => {
    registry.fail(/PUT .*manifests/, answer(400, {}, '{"errors":[{"message":"\u001b[2Jgone\r\n\u202e"}]}'));
    const error = (await push().catch((thrown: unknown) => thrown)) as Error;
    expect(error).toMatchObject({ code: 'registry/refused' });
    // oxlint-disable-next-line no-control-regex -- the point of the test
    expect(error.message).not.toMatch(/[\u0000-\u001f\u202e]/);
    expect(error.message).toContain('gone');
  });

  test('can not fill the memory with its words', async () => {
    registry.fail(/PUT .*manifests/, (response) => {
      response.writeHead(400);
      const pour = () => response.write(Buffer.alloc(65_536, 'x'), () => response.destroyed || pour());
      pour();
    });
    await expect(push()).rejects.toMatchObject({ code: 'registry/refused' });
  });
});

describe('a hostile registry', () => {
  test.each([
    'http://169.254.169.254/latest',
    'http://127.0.0.1:1/upload',
    'https://10.0.0.1/upload',
    'https://[::1]/upload',
    'https://[fd00::1]/upload',
    'https://user:word@example.org/upload',
    'file:///etc/passwd',
    'ftp://example.org/',
  ])('can not send an upload to %s', async (location) => {
    registry.fail(/POST/, answer(202, { location }));
    await expect(push()).rejects.toMatchObject({ code: 'registry/untrusted-location' });
  });

  test('can not send a reader into an inner network, or in circles', async () => {
    await push();
    registry.fail(/GET .*manifests/, answer(307, { location: 'http://[::ffff:10.0.0.1]/x' }));
    await expect(repository.read(image.index, 1e6)).rejects.toMatchObject({ code: 'registry/untrusted-location' });
    const circle = answer(307, { location: '/v2/acme/greeter/manifests/main' });
    registry.fail(/GET .*manifests/, ...Array.from({ length: 30 }, () => circle));
    await expect(repository.read(image.index, 1e6)).rejects.toMatchObject({ code: 'registry/unreachable' });
  });

  test('is found out when it stores something else', async () => {
    const headers = { 'docker-content-digest': sha256('something else') };
    registry.fail(/PUT .*manifests/, answer(201, headers));
    await expect(push()).rejects.toMatchObject({ code: 'registry/digest-mismatch' });
  });

  test.each([
    ['other bytes of the same length', (bytes: Buffer) => Buffer.alloc(bytes.length, ' ')],
    ['less', (bytes: Buffer) => bytes.subarray(1)],
    ['more', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from(' ')])],
  ])('is found out when it sends %s', async (_, change) => {
    await push();
    const { type, bytes } = registry.manifests.get('main') ?? { type: '', bytes: Buffer.alloc(0) };
    registry.manifests.set(image.index.digest, { type, bytes: change(bytes) });
    await expect(repository.read(image.index, 1e6)).rejects.toMatchObject({ code: 'registry/digest-mismatch' });
  });

  test('is found out when it names one type and sends another', async () => {
    await push();
    const { bytes } = registry.manifests.get('main') ?? { bytes: Buffer.alloc(0) };
    registry.manifests.set(image.index.digest, { type: MANIFEST, bytes });
    await expect(repository.read(image.index, 1e6)).rejects.toMatchObject({ code: 'registry/digest-mismatch' });
  });

  test('is found out when a tag does not mean what its header says', async () => {
    await push();
    const headers = { 'content-type': INDEX, 'docker-content-digest': sha256('something else') };
    registry.fail(/GET .*manifests\/main/, answer(200, headers, '{}'));
    await expect(repository.resolve('main')).rejects.toMatchObject({ code: 'registry/digest-mismatch' });
  });

  test('can not make a reader take more than was announced', async () => {
    await push();
    let sent = 0;
    registry.fail(/GET .*manifests/, (response) => {
      response.writeHead(200, { 'content-type': INDEX });
      const pour = () =>
        response.write(Buffer.alloc(65_536), () => (response.destroyed ? undefined : ((sent += 1), pour())));
      pour();
    });
    await expect(repository.read(image.index, 1e6)).rejects.toMatchObject({ code: 'registry/digest-mismatch' });
    expect(sent).toBeLessThan(1000);
    await expect(repository.read({ ...image.index, size: 2 ** 60 }, 1e6)).rejects.toMatchObject({ code: 'oci/limit' });
  });

  test('that stops in the middle is unreachable, not wrong', async () => {
    await push();
    registry.fail(/GET .*manifests/, (response) => {
      response.writeHead(200, { 'content-type': INDEX, 'content-length': image.index.size });
      response.write('{', () => response.destroy());
    });
    await expect(repository.read(image.index, 1e6)).rejects.toMatchObject({ code: 'registry/unreachable' });
  });
});

test('a registry that is not on this machine is spoken to by HTTPS only', async () => {
  const clock: Clock = { wall: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() };
  const [, port = ''] = registry.host.split(':');
  // The same socket by a name that is not known to be this machine: TLS is tried, and plain HTTP answers nothing.
  const far = createRepository({ reference: parseReference(`0.0.0.0:${port}/acme/greeter`), clock });
  await expect(far.hasBlob(sha256(''))).rejects.toMatchObject({ code: 'registry/unreachable' });
  expect(registry.requests).toEqual([]);
  const insecure = createRepository({
    reference: parseReference(`0.0.0.0:${port}/acme/greeter`),
    clock,
    insecure: true,
  });
  expect(await insecure.hasBlob(sha256(''))).toBe(false);
});
