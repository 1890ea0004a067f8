import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { git, makeRepository } from '../../../test/rigs/git-repository.ts';
import { plainTerminal } from '../../../test/rigs/terminal-rig.ts';
import { type Release, releaseDigest } from '../../delivery/index.ts';
import { temporaryFolder } from '../../kernel/workspace.ts';
import { openLayout } from '../../oci/index.ts';
import { putSampleImage } from '../../oci/sample-image.ts';
import { openJournal, openSystem, type System } from '../../system.ts';
import { runManifests } from './manifests.ts';
import { runRbac } from './rbac.ts';

const PROJECT = `service: greeter
image: ghcr.io/acme/greeter
environments:
  local: {}
  staging:
    platform: { kubernetes: { namespace: shop, traffic: service } }
    secrets: { TOKEN: "env:TOKEN" }
  production:
    platform: { kubernetes: { namespace: shop, gateway: public, runtimeClass: wasmtime } }
    replicas: 3
    config: { LEVEL: info }
`;

let folder: string;
let system: System;
const before = process.cwd();

beforeEach(async () => {
  folder = temporaryFolder();
  const project = join(folder, 'project');
  mkdirSync(project);
  await makeRepository(project, { 'slipway.yaml': PROJECT, 'Cargo.toml': '[package]\nname = "greeter"\n' });
  system = openSystem({
    SLIPWAY_HOME: join(folder, 'home'),
    SLIPWAY_CACHE: join(folder, 'cache'),
    PATH: process.env['PATH'],
  });
  process.chdir(project);
});
afterEach(() => process.chdir(before));

/** The image of this revision in the home, as `slipway run package` leaves it. */
async function keepSampleImage() {
  const layout = openLayout({ folder: join(system.home, 'images'), create: true });
  const image = await putSampleImage(layout);
  const commit = (await git('.', 'rev-parse', 'HEAD')).slice(0, 12);
  await layout.tag(`sha-${commit}`, image.index);
  return image;
}

async function tellReleases(environment: string, releases: readonly Pick<Release['content'], 'image' | 'secrets'>[]) {
  const journal = await openJournal(system);
  const made = releases.map((change, index): Release => {
    const content = { service: 'greeter', environment, config: {}, grants: [], ...change };
    return { number: index + 1, digest: releaseDigest(content), content, revision: null };
  });
  const subject = `greeter/${environment}`;
  journal.append(
    made.map((release) => ({
      kind: 'release.created',
      subject,
      data: { ...release, content: { ...release.content, grants: [...release.content.grants] } },
    })),
  );
  journal.close();
}

interface Applied {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
}

async function manifests(environment: string, release?: number) {
  const terminal = plainTerminal();
  const signal = new AbortController().signal;
  const code = await runManifests(system, terminal, { environment, release, signal });
  const text = terminal.printed();
  const objects = parseAllDocuments(text).map((document) => document.toJS() as Applied | null);
  return { code, text, objects: objects.filter((object) => object !== null) };
}

describe('slipway manifests', () => {
  test('prints what the image of this revision would be deployed as', async () => {
    const image = await keepSampleImage();
    const { code, text, objects } = await manifests('production');
    expect(code).toBe(0);
    expect(objects.map(({ kind }) => kind)).toEqual([
      'ServiceAccount',
      'PodDisruptionBudget',
      'ConfigMap',
      'Service',
      'Deployment',
      'HTTPRoute',
      'Service',
    ]);
    expect(new Set(objects.map(({ metadata }) => metadata.namespace))).toEqual(new Set(['shop']));
    expect(objects.find(({ kind }) => kind === 'Deployment')).toMatchObject({
      metadata: { name: expect.stringMatching(/^greeter-production-1-[0-9a-f]{8}$/) },
      spec: {
        replicas: 3,
        template: {
          spec: { containers: [{ image: `ghcr.io/acme/greeter@${image.artifact.digest}`, command: ['app.wasm'] }] },
        },
      },
    });
    expect(text).toContain('# greeter/production, release #1, which is not deployed, with all requests.');
  });

  test('prints a release that was deployed, with the versions of its secrets and never a value', async () => {
    const { index } = await keepSampleImage();
    await tellReleases('staging', [
      { image: index.digest, secrets: { TOKEN: '0123456789abcdef' } },
      { image: index.digest, secrets: { TOKEN: 'fedcba9876543210' } },
    ]);
    const [one, two] = [await manifests('staging', 1), await manifests('staging', 2)];
    const secretIn = ({ text }: typeof one) => /name: (greeter-staging-token-\w+)/.exec(text)?.[1];
    expect(secretIn(one)).toMatch(/^greeter-staging-token-[0-9a-f]{12}$/);
    expect(secretIn(one)).not.toBe(secretIn(two));
    expect(one.text).toContain('slipway.dev/release: "1"');
    const next = await manifests('staging');
    expect(secretIn(next)).toBe(secretIn(two));
    expect(next.text).toContain('# Secrets are as in #2');
    await expect(manifests('staging', 3)).rejects.toMatchObject({
      code: 'cli/no-such-release',
      hint: 'It has #1, #2.',
    });
  });

  test('says which names are stand-ins as long as no version of a secret is made', async () => {
    await keepSampleImage();
    expect((await manifests('staging')).text).toContain(
      '# TOKEN: a version is made from the value when it is deployed',
    );
  });

  test('falls back to the image that was deployed last, and says so', async () => {
    const { index } = await keepSampleImage();
    await tellReleases('staging', [{ image: index.digest, secrets: {} }]);
    await git('.', '-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '--quiet', '--allow-empty', '--message', 'x');
    const { text } = await manifests('production');
    expect(text).toMatch(/# There is no image of sha-\w+ yet: this is that of staging #1\./);
    expect(text).toContain('which is not deployed');
  });

  test('is refused where there is no image, and for an environment that is on no cluster', async () => {
    await expect(manifests('production')).rejects.toMatchObject({ code: 'cli/no-image' });
    const onCluster = { code: 'cli/not-on-a-cluster', hint: 'On a cluster: staging, production.' };
    await expect(manifests('local')).rejects.toMatchObject(onCluster);
    await expect(manifests('elsewhere')).rejects.toMatchObject(onCluster);
  });
});

describe('slipway rbac', () => {
  const rbac = async (environment?: string) => {
    const terminal = plainTerminal();
    await runRbac(system, terminal, environment);
    return terminal.printed();
  };

  test('prints the rights for one environment by the names of its objects', async () => {
    const text = await rbac('staging');
    expect(text).toContain('greeter-staging-slipway');
    expect(text).not.toContain('httproutes');
    await expect(rbac('local')).rejects.toMatchObject({ code: 'cli/not-on-a-cluster' });
  });

  test('prints one role for each namespace, with all that splits requests in it', async () => {
    const text = await rbac();
    expect(text.match(/^kind: Role$/gm)).toHaveLength(1);
    expect(text).toContain('httproutes');
  });
});
