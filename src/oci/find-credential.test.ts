import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryFolder } from '../kernel/workspace.ts';
import { findCredential } from './find-credential.ts';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => rmSync(folder, { recursive: true }));

const auth = (text: string) => ({ auth: Buffer.from(text).toString('base64') });
const find = (registry: string, env: Record<string, string>) => findCredential(registry, { env });
const inText = (auths: unknown) => ({ DOCKER_AUTH_CONFIG: JSON.stringify({ auths }) });

test.each([
  ['the host', 'registry.example', 'registry.example', true],
  ['the host in capitals', 'Registry.Example', 'registry.example', true],
  ['an address', 'https://registry.example/v2/', 'registry.example', true],
  ['an old address', 'https://registry.example/v1', 'registry.example', true],
  ['host and port', 'registry.example:5000', 'registry.example:5000', true],
  ['another port', 'registry.example:5000', 'registry.example', false],
  ['no port', 'registry.example', 'registry.example:5000', false],
  ['a longer name', 'registry.example.evil.test', 'registry.example', false],
  ['a shorter name', 'example', 'registry.example', false],
  ['a name that ends so', 'evil-registry.example', 'registry.example', false],
  ['a path', 'registry.example/acme', 'registry.example', false],
  ["Docker Hub's own", 'https://index.docker.io/v1/', 'docker.io', true],
])('a key is meant for a host in full: %s', async (_, key, registry, found) => {
  const credential = await find(registry, inText({ [key]: auth('crane:a:b') }));
  expect(credential).toEqual(
    found ? { kind: 'password', user: 'crane', password: 'a:b', source: 'DOCKER_AUTH_CONFIG' } : null,
  );
});

test('what is nearer to us comes first', async () => {
  const write = (file: string, user: string): void => {
    mkdirSync(join(folder, file, '..'), { recursive: true });
    writeFileSync(join(folder, file), JSON.stringify({ auths: { 'registry.example': auth(`${user}:word`) } }));
  };
  write('auth.json', 'third');
  write('docker/config.json', 'fourth');
  write('home/.docker/config.json', 'home');
  write('run/containers/auth.json', 'fifth');
  const env: Record<string, string> = {
    SLIPWAY_REGISTRY_USER: 'first',
    SLIPWAY_REGISTRY_PASSWORD: 'word',
    DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { 'registry.example': auth('second:word') } }),
    REGISTRY_AUTH_FILE: join(folder, 'auth.json'),
    DOCKER_CONFIG: join(folder, 'docker'),
    HOME: join(folder, 'home'),
    XDG_RUNTIME_DIR: join(folder, 'run'),
  };
  const order: unknown[] = [];
  for (const name of [
    '',
    'SLIPWAY_REGISTRY_USER',
    'DOCKER_AUTH_CONFIG',
    'REGISTRY_AUTH_FILE',
    'DOCKER_CONFIG',
    'HOME',
  ]) {
    delete env[name];
    if (name === 'SLIPWAY_REGISTRY_USER') delete env['SLIPWAY_REGISTRY_PASSWORD'];
    order.push(await find('registry.example', env));
  }
  const users = order.map((found) =>
    found !== null && typeof found === 'object' && 'user' in found ? found.user : null,
  );
  expect(users).toEqual(['first', 'second', 'third', 'fourth', 'home', 'fifth']);
});

test('nothing anywhere is no credential, and neither is what a CI system gives for a variable without a value', async () => {
  expect(await find('registry.example', {})).toBeNull();
  expect(
    await find('registry.example', {
      SLIPWAY_REGISTRY_USER: '',
      SLIPWAY_REGISTRY_PASSWORD: '',
      DOCKER_AUTH_CONFIG: '',
      DOCKER_CONFIG: join(folder, 'nowhere'),
    }),
  ).toBeNull();
  expect(await find('registry.example', inText({ 'registry.example': {} }))).toBeNull();
});

test.each([
  ['a user without a password', { SLIPWAY_REGISTRY_USER: 'crane' }],
  ['a password without a user', { SLIPWAY_REGISTRY_PASSWORD: 'hidden-word' }],
  ['a configuration that is no JSON', { DOCKER_AUTH_CONFIG: 'crane:hidden-word' }],
  ['a configuration of another form', { DOCKER_AUTH_CONFIG: '{"auths":{"hidden-word":{"auth":7}}}' }],
])('%s is said, and its content is not', async (_, env) => {
  const fault = await find('registry.example', env as Record<string, string>).catch((error: unknown) => error);
  expect(fault).toMatchObject({ code: 'registry/bad-credentials', kind: 'usage' });
  expect(JSON.stringify([fault, String(fault)])).not.toContain('hidden-word');
});
