import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../kernel/clock.ts';
import { sha256 } from '../kernel/digest.ts';
import { Fault } from '../kernel/fault.ts';
import { temporaryFolder } from '../kernel/workspace.ts';
import { answer, startFakeRegistry, type FakeRegistry } from './fake-registry.ts';
import { IDENTITY, PASSWORD, startFakeTokenServer, USER, type FakeTokenServer } from './fake-token-server.ts';
import type { Image } from './image.ts';
import { openLayout, type Layout } from './layout.ts';
import { pushImage } from './push-image.ts';
import { parseReference } from './reference.ts';
import { createRepository, type Repository } from './registry.ts';
import { sendRequest } from './registry-request.ts';
import { putSampleImage } from './sample-image.ts';
import { createSignIn, type SignIn } from './sign-in.ts';

let folder: string;
let layout: Layout;
let image: Image;
let registry: FakeRegistry;
let server: FakeTokenServer;
let now: number;
let waits: number[];

const clock: Clock = {
  wall: () => 0,
  monotonic: () => now,
  sleep: (milliseconds) => Promise.resolve(void waits.push(milliseconds)),
};
const OWN = { SLIPWAY_REGISTRY_USER: USER, SLIPWAY_REGISTRY_PASSWORD: PASSWORD };

beforeEach(async () => {
  folder = temporaryFolder();
  layout = openLayout({ folder: join(folder, 'layout'), create: true });
  image = await putSampleImage(layout);
  registry = await startFakeRegistry();
  server = await startFakeTokenServer();
  now = 0;
  waits = [];
});
afterEach(async () => {
  await registry.close();
  await server.close();
  rmSync(folder, { recursive: true });
});

function repositoryFor(env: Record<string, string>, helperTimeout = 10_000): Repository {
  const reference = parseReference(`${registry.host}/acme/greeter`);
  return createRepository({ reference, clock, credentials: { env, helperTimeout } });
}
function push(env: Record<string, string>, mountFrom?: string): Promise<unknown> {
  const mount = mountFrom === undefined ? {} : { mountFrom };
  return pushImage({ layout, index: image.index, repository: repositoryFor(env), tags: ['main'], ...mount });
}
async function faultOf(work: Promise<unknown>): Promise<Fault> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof Fault) return thrown;
  throw new Error(`no Fault but ${String(thrown)}`);
}
/** As `docker login` writes it. */
function dockerConfig(content: unknown): Record<string, string> {
  writeFileSync(join(folder, 'config.json'), JSON.stringify(content));
  return { DOCKER_CONFIG: folder, PATH: `${folder}/bin:${process.env['PATH']}` };
}
function helper(name: string, script: string): void {
  mkdirSync(join(folder, 'bin'), { recursive: true });
  writeFileSync(join(folder, 'bin', `docker-credential-${name}`), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'bin', `docker-credential-${name}`), 0o755);
}
const encoded = (user = USER, password = PASSWORD): string => Buffer.from(`${user}:${password}`).toString('base64');

describe('a registry that wants a token', () => {
  beforeEach(() => server.protect(registry));

  test('gets one for reading and one for writing, and no more while they are good', async () => {
    await push(OWN);
    expect(server.requests.map(({ scopes }) => scopes)).toEqual([
      ['repository:acme/greeter:pull'],
      ['repository:acme/greeter:pull,push'],
    ]);
    expect(registry.manifests.has(image.index.digest)).toBe(true);
    expect(registry.authorizations.filter((value) => value?.startsWith('Basic'))).toEqual([]);
  });

  test('is not told who we are before it asks', async () => {
    await push(OWN);
    expect(registry.authorizations[0]).toBeUndefined();
  });

  test('gets a new one when the time of the old is over, without a vain request', async () => {
    server.lifetime = 100;
    const repository = repositoryFor(OWN);
    await repository.digestOf('main');
    now = 89_000;
    await repository.digestOf('main');
    expect(server.requests).toHaveLength(1);
    now = 91_000;
    const before = registry.requests.length;
    await repository.digestOf('main');
    expect(server.requests).toHaveLength(2);
    expect(registry.requests).toHaveLength(before + 1);
  });

  test('takes a token without a time for one of a minute', async () => {
    server.lifetime = null;
    const repository = repositoryFor(OWN);
    await repository.digestOf('main');
    now = 61_000;
    await repository.digestOf('main');
    expect(server.requests).toHaveLength(2);
  });

  test('may forget its tokens in the middle of a push', async () => {
    const repository = repositoryFor(OWN);
    let sent = 0;
    await pushImage({
      layout,
      index: image.index,
      repository,
      tags: ['main'],
      progress: () => void ((sent += 1) % 3 === 0 && server.revoke()),
    });
    expect(await repository.digestOf('main')).toBe(image.index.digest);
    expect(server.requests.length).toBeGreaterThan(4);
  });

  test('that takes no token is asked twice and not for ever', async () => {
    registry.guard(() => answer(401, { 'www-authenticate': `Bearer realm="${server.address}",service="fake"` }));
    const fault = await faultOf(push(OWN));
    expect(fault.code).toBe('registry/unauthorized');
    expect(registry.requests).toHaveLength(2);
  });

  test('is read without a credential where it lets everybody', async () => {
    expect(await repositoryFor({}).digestOf('main')).toBeUndefined();
    expect(server.requests).toEqual([{ method: 'GET', scopes: ['repository:acme/greeter:pull'] }]);
  });

  test('says whom it does not know, and what to set', async () => {
    const fault = await faultOf(push({ ...OWN, SLIPWAY_REGISTRY_PASSWORD: 'wrong-password' }));
    expect(fault).toMatchObject({ code: 'registry/unauthorized', kind: 'refused' });
    expect(fault.message).toContain('"crane" (from SLIPWAY_REGISTRY_USER)');
    expect(fault.hint).toContain('SLIPWAY_REGISTRY_PASSWORD');
  });

  test('says what to set when there is no credential', async () => {
    const fault = await faultOf(push({}));
    expect(fault.message).toContain('there is no credential for it here');
    expect(fault.hint).toMatch(/SLIPWAY_REGISTRY_USER and SLIPWAY_REGISTRY_PASSWORD, or run `docker login/);
  });

  test('says who may not push', async () => {
    registry.fail(/POST/, answer(403, {}, '{"errors":[{"code":"DENIED"}]}'));
    const fault = await faultOf(push(OWN));
    expect(fault.message).toMatch(/403.*"crane".*has not the right/);
  });

  test('whose token server says that the scope is not ours gets no third request', async () => {
    const scope = 'scope="repository:acme/greeter:pull,push",error="insufficient_scope"';
    const challenge = `Bearer realm="${server.address}",service="fake",${scope}`;
    registry.fail(/POST/, ...Array.from({ length: 9 }, () => answer(401, { 'www-authenticate': challenge })));
    const fault = await faultOf(push(OWN));
    expect(fault.code).toBe('registry/unauthorized');
    expect(registry.requests.filter((line) => line.startsWith('POST'))).toHaveLength(2);
  });

  test('is asked for both repositories when a layer is taken over', async () => {
    await push(OWN, 'acme/base');
    const both = ['repository:acme/greeter:pull,push', 'repository:acme/base:pull'];
    expect(server.requests.map(({ scopes }) => scopes)).toContainEqual(both);
  });

  test('an identity token is posted, and only to the token server', async () => {
    await push(dockerConfig({ auths: { [registry.host]: { auth: encoded('<token>', ''), identitytoken: IDENTITY } } }));
    expect(server.requests.map(({ method, authorization }) => [method, authorization])).toEqual([
      ['POST', undefined],
      ['POST', undefined],
    ]);
    expect(registry.authorizations.join()).not.toContain(IDENTITY);
  });

  test('whose token server fails for a while is waited for', async () => {
    server.broken = answer(503);
    const repository = repositoryFor(OWN);
    expect((await faultOf(repository.digestOf('main'))).code).toBe('registry/unreachable');
    expect(waits).toEqual([500, 1000, 2000, 4000]);
    server.broken = null;
    expect(await repository.digestOf('main')).toBeUndefined();
  });

  test.each([
    ['a redirect', answer(307, { location: '/elsewhere' })],
    ['no JSON', answer(200, {}, '<html>')],
    ['no token', answer(200, {}, '{"token":""}')],
    ['a token that is no header', answer(200, {}, JSON.stringify({ token: 'abc\r\nhost: evil' }))],
  ])('whose token server gives %s is refused, and nothing more is sent', async (_, broken) => {
    server.broken = broken;
    expect((await faultOf(repositoryFor(OWN).digestOf('main'))).code).toBe('registry/refused');
    expect(server.requests).toHaveLength(1);
    expect(registry.requests).toHaveLength(1);
  });
});

describe('a registry that wants the password itself', () => {
  const basic = 'Basic realm="fake"';
  beforeEach(() =>
    registry.guard(({ headers: { authorization } }) =>
      authorization === `Basic ${encoded()}` ? undefined : answer(401, { 'www-authenticate': basic }),
    ),
  );

  test('gets it with each request after it has asked', async () => {
    await push(OWN);
    const [first, ...others] = registry.authorizations;
    expect(first).toBeUndefined();
    expect(new Set(others)).toEqual(new Set([`Basic ${encoded()}`]));
    expect(registry.manifests.has(image.index.digest)).toBe(true);
  });

  test('and gets a wrong one is asked once', async () => {
    const fault = await faultOf(push({ ...OWN, SLIPWAY_REGISTRY_PASSWORD: 'wrong-password' }));
    expect(fault.message).toContain('does not accept "crane"');
    expect(registry.requests).toHaveLength(2);
  });
});

describe('another host', () => {
  test('is told nothing: neither to read from, nor to upload to, nor when it leads back', async () => {
    registry.guard(({ headers: { authorization } }) =>
      authorization === undefined ? answer(401, { 'www-authenticate': 'Basic realm="fake"' }) : undefined,
    );
    const base = new URL(`http://${registry.host}`);
    const reference = parseReference(`${registry.host}/acme/greeter`);
    const real = createSignIn({ reference, base, clock, credentials: { env: OWN } });
    // Another host would have to speak HTTPS, so a folder of this one stands for it.
    const signIn: SignIn = { ...real, covers: (url) => real.covers(url) && !url.pathname.startsWith('/storage/') };
    const blob = new URL('/v2/acme/greeter/blobs/x', base);
    registry.fail(/GET \/v2/, answer(307, { location: '/storage/blob' }));
    registry.fail(/GET \/storage/, answer(307, { location: blob.href }));
    await sendRequest({ method: 'HEAD', url: blob }, { clock, signIn });
    await sendRequest({ method: 'GET', url: blob }, { clock, signIn });
    await sendRequest({ method: 'PUT', url: new URL('/storage/upload', base) }, { clock, signIn });
    const mine = `Basic ${encoded()}`;
    expect(registry.requests.map((line, at) => [line, registry.authorizations[at]])).toEqual([
      ['HEAD /v2/acme/greeter/blobs/x', undefined],
      ['HEAD /v2/acme/greeter/blobs/x', mine],
      ['GET /v2/acme/greeter/blobs/x', mine],
      ['GET /storage/blob', undefined],
      ['GET /v2/acme/greeter/blobs/x', undefined],
      ['PUT /storage/upload', undefined],
    ]);
  });

  test.each([
    'http://10.0.0.1/token',
    'https://10.0.0.1/token',
    'https://user:word@example.org/',
    'file:///etc/passwd',
  ])('is no token server at %s', async (realm) => {
    registry.guard(() => answer(401, { 'www-authenticate': `Bearer realm="${realm}"` }));
    expect((await faultOf(push(OWN))).code).toBe('registry/untrusted-location');
  });

  test('than this machine gets no password without HTTPS', async () => {
    const reference = parseReference('registry.example/acme/greeter');
    const base = new URL('http://registry.example');
    const signIn = createSignIn({ reference, base, clock, credentials: { env: OWN } });
    for (const header of ['Basic realm="x"', `Bearer realm="${server.address}"`]) {
      const asked = signIn.renewed({ access: 'read', from: null }, header, undefined);
      expect((await faultOf(asked)).code).toMatch(/registry\/(insecure|untrusted-location)/);
    }
    expect(server.requests).toEqual([]);
  });

  test.each([
    ['https://registry.example', true],
    ['https://registry.example:8443', false],
    ['http://registry.example', false],
    ['https://storage.example', false],
    ['https://registry.example.evil.test', false],
  ])('the registry itself is its origin: %s', (address, covered) => {
    const reference = parseReference('registry.example/acme/greeter');
    const signIn = createSignIn({ reference, base: new URL('https://registry.example'), clock });
    expect(signIn.covers(new URL(`${address}/v2/`))).toBe(covered);
  });
});

describe('a credential helper', () => {
  const configured = (): Record<string, string> => dockerConfig({ credHelpers: { [registry.host]: 'fake' } });
  beforeEach(() => server.protect(registry));

  test('is told the host, and what it answers is used', async () => {
    const said = JSON.stringify({ Username: USER, Secret: PASSWORD });
    helper('fake', `[ "$1" = get ] && [ "$(cat)" = "${registry.host}" ] && printf '%s' '${said}'`);
    await push(configured());
    expect(registry.manifests.has(image.index.digest)).toBe(true);
  });

  test.each([
    ['is not there', null, /not on PATH/],
    ['fails', `echo "${PASSWORD}" >&2; echo "${PASSWORD}"; exit 3`, /ended with 3/],
    ['answers something else', `echo "${PASSWORD}"`, /can not be read/],
    ['is too slow', 'sleep 20', /within 0.2 s/],
  ])('that %s is named, and nothing that it says is repeated', async (_, script, why) => {
    if (script !== null) helper('fake', script);
    const fault = await faultOf(repositoryFor(configured(), 200).digestOf('main'));
    expect(fault.code).toBe('registry/helper-failed');
    expect(fault.message).toMatch(/docker-credential-fake/);
    expect(fault.message).toMatch(why);
    expect(`${fault.message}${fault.hint}${String(fault.cause)}`).not.toContain(PASSWORD);
  });

  test('that has none is no hindrance', async () => {
    helper('fake', 'echo "credentials not found in native keychain"; exit 1');
    expect(await repositoryFor(configured()).digestOf('main')).toBeUndefined();
  });

  test('is not run for a registry that asks nothing', async () => {
    registry.guard(() => undefined);
    expect(await repositoryFor(configured()).digestOf('main')).toBeUndefined();
  });
});

test('no fault says a secret, whatever the registry repeats of what it was sent', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ minLength: 8, maxLength: 40, unit: 'grapheme-ascii' }).filter((text) => !/^\s|\s$/.test(text)),
      fc.constantFrom('basic', 'token'),
      fc.constantFrom(400, 401, 403, 404, 409),
      async (password, scheme, status) => {
        const challenge = scheme === 'basic' ? 'Basic realm="x"' : `Bearer realm="${server.address}",service="fake"`;
        const secrets = [password, encoded(USER, password)];
        server.broken = (response, request) => {
          const token = `T${(request.headers.authorization ?? '').slice(6)}`;
          secrets.push(token);
          response.writeHead(200).end(JSON.stringify({ token }));
        };
        registry.guard((request) => {
          const { authorization } = request.headers;
          if (authorization === undefined) return answer(401, { 'www-authenticate': challenge });
          const sent = authorization.slice(authorization.indexOf(' ') + 1);
          const decoded = scheme === 'basic' ? Buffer.from(sent, 'base64').toString() : sent;
          const body = JSON.stringify({ errors: [{ message: `${authorization} is ${decoded}` }] });
          return answer(status, {}, request.method === 'HEAD' ? '' : body);
        });
        const repository = repositoryFor({ SLIPWAY_REGISTRY_USER: USER, SLIPWAY_REGISTRY_PASSWORD: password });
        const blob = { digest: sha256('x'), read: () => Promise.resolve(Buffer.from('x')) };
        const fault = await faultOf(repository.pushBlob(blob));
        const said = [fault.message, fault.hint, fault.stack, String(fault.cause)].join('\n');
        for (const secret of secrets) expect(said).not.toContain(secret);
      },
    ),
    { numRuns: 60 },
  );
});
