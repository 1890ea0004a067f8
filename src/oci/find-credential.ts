/** The credential for one registry: of the environment, or of a configuration as `docker login` writes it. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { systemCodeOf } from '../kernel/fault.ts';
import { type Credential, credentialOf } from './credential.ts';
import { askHelper } from './credential-helper.ts';
import { ociFault } from './oci-fault.ts';

export interface CredentialPlaces {
  readonly env: Readonly<Record<string, string>>;
  /** Milliseconds that a helper program may take. */
  readonly helperTimeout?: number;
}

const entry = z.object({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
});
const configuration = z.object({
  auths: z.record(z.string(), entry).nullish(),
  credHelpers: z.record(z.string(), z.string()).nullish(),
  credsStore: z.string().nullish(),
});
type Configuration = z.infer<typeof configuration>;

/** Under this Docker keeps what belongs to Docker Hub. */
const HUB = 'https://index.docker.io/v1/';
const HUB_HOSTS = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

/**
 * The first of: SLIPWAY_REGISTRY_USER with SLIPWAY_REGISTRY_PASSWORD, DOCKER_AUTH_CONFIG (the JSON itself),
 * REGISTRY_AUTH_FILE, `config.json` of DOCKER_CONFIG or `~/.docker`, `containers/auth.json` of XDG_RUNTIME_DIR. In each the
 * helper of the host, the helper of all, then what stands in it. A host is meant by its full name and port only.
 *
 * @param registry `ghcr.io`, `localhost:5000`
 * @throws Fault `registry/bad-credentials` or `registry/helper-failed`.
 */
export async function findCredential(registry: string, places: CredentialPlaces): Promise<Credential | null> {
  const own = ownCredential(places.env);
  if (own !== null) return own;
  for (const { text, where } of configurations(places.env)) {
    const found = await lookUp({ registry, where, places, known: parse(text, where) });
    if (found !== null) return found;
  }
  return null;
}

/** A CI system gives a variable that nobody has set as an empty one. */
function ownCredential({
  SLIPWAY_REGISTRY_USER: user = '',
  SLIPWAY_REGISTRY_PASSWORD: password = '',
}: Readonly<Record<string, string>>): Credential | null {
  if (user === '' && password === '') return null;
  if (user === '' || password === '') {
    const [there, missing] = user === '' ? ['PASSWORD', 'USER'] : ['USER', 'PASSWORD'];
    throw bad(`SLIPWAY_REGISTRY_${there} is set and SLIPWAY_REGISTRY_${missing} is not`);
  }
  return credentialOf(user, password, 'SLIPWAY_REGISTRY_USER');
}

function* configurations(
  env: Readonly<Record<string, string>>,
): Generator<{ readonly text: string; readonly where: string }> {
  const { DOCKER_AUTH_CONFIG, REGISTRY_AUTH_FILE, DOCKER_CONFIG, HOME, XDG_RUNTIME_DIR } = env;
  if (DOCKER_AUTH_CONFIG) yield { text: DOCKER_AUTH_CONFIG, where: 'DOCKER_AUTH_CONFIG' };
  const docker = DOCKER_CONFIG || (HOME && join(HOME, '.docker'));
  const files = [
    REGISTRY_AUTH_FILE,
    docker && join(docker, 'config.json'),
    XDG_RUNTIME_DIR && join(XDG_RUNTIME_DIR, 'containers/auth.json'),
  ];
  for (const file of files) {
    const text = file ? textOf(file) : null;
    if (file && text !== null) yield { text, where: file };
  }
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT' || systemCodeOf(error) === 'ENOTDIR') return null;
    throw bad(`${file} can not be read (${systemCodeOf(error) ?? 'unknown reason'})`);
  }
}

/** What is wrong in it is not quoted: it may be the secret itself. */
function parse(text: string, where: string): Configuration {
  try {
    return configuration.parse(JSON.parse(text));
  } catch {
    throw bad(`${where} is no JSON of the form that \`docker login\` writes`);
  }
}

interface LookUp {
  readonly registry: string;
  readonly known: Configuration;
  readonly where: string;
  readonly places: CredentialPlaces;
}

async function lookUp({ registry, known, where, places }: LookUp): Promise<Credential | null> {
  const { auths, credHelpers, credsStore } = known;
  const helper = Object.entries(credHelpers ?? {}).find(([key]) => isFor(key, registry))?.[1] ?? credsStore;
  if (helper) {
    const server = HUB_HOSTS.has(registry) ? HUB : registry;
    const { env, helperTimeout: timeout } = places;
    const found = await askHelper({ name: helper, server, env, ...(timeout === undefined ? {} : { timeout }) });
    if (found !== null) return found;
  }
  for (const [key, value] of Object.entries(auths ?? {})) {
    const found = isFor(key, registry) ? entryCredential(value, where) : null;
    if (found !== null) return found;
  }
  return null;
}

/** Keys stand with and without `https://`, `/v1/`. No part of a name is enough: it would give a stranger our password. */
function isFor(key: string, registry: string): boolean {
  const host = key
    .toLowerCase()
    .replace(/^https?:\/\//, '')
    .replace(/(?:\/v[12])?\/?$/, '');
  return host === registry || (HUB_HOSTS.has(host) && HUB_HOSTS.has(registry));
}

function entryCredential(
  { auth, username, password, identitytoken }: z.infer<typeof entry>,
  where: string,
): Credential | null {
  if (identitytoken) return { kind: 'identityToken', token: identitytoken, source: where };
  if (username && password) return credentialOf(username, password, where);
  const decoded = Buffer.from(auth ?? '', 'base64')
    .toString('utf8')
    .replace(/\0+$/, '');
  const colon = decoded.indexOf(':');
  return colon <= 0 ? null : credentialOf(decoded.slice(0, colon), decoded.slice(colon + 1), where);
}

function bad(why: string): Error {
  return ociFault({
    code: 'registry/bad-credentials',
    kind: 'usage',
    message: `There is a credential for the registry that can't be used: ${why}.`,
    hint: 'Set both SLIPWAY_REGISTRY_USER and SLIPWAY_REGISTRY_PASSWORD, or run `docker login` anew.',
  });
}
