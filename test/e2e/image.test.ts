/** Real images: the example, packed as the pipeline packs it, through a real registry and into a real process. */

import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/kernel/clock.ts';
import { temporaryFolder } from '../../src/kernel/workspace.ts';
import {
  createRepository,
  describeImage,
  openLayout,
  parseReference,
  pushImage,
  resolveInLayout,
  type ImageDescription,
  type Layout,
} from '../../src/oci/index.ts';
import { expectNoLeftovers } from '../leftovers.ts';
import { buildHeraldImage, type HeraldImage } from './herald-image.ts';
import { answers, fetchSkopeo, freePort, startDockerRegistry, type Peer, type RunningRegistry } from './peers.ts';

let folder: string;
let herald: HeraldImage;
let layout: Layout;
let image: ImageDescription;
let registry: RunningRegistry;
let skopeo: Peer;

beforeAll(async () => {
  folder = temporaryFolder('slipway-image-');
  herald = await buildHeraldImage({ project: join(folder, 'herald'), home: join(folder, 'home') });
  layout = openLayout({ folder: herald.layout });
  image = await describeImage(layout, 'image');
  registry = await startDockerRegistry(folder);
  skopeo = fetchSkopeo();
});
afterAll(async () => {
  await registry?.stop();
  await expectNoLeftovers(folder);
  rmSync(folder, { recursive: true });
});

const childFor = (platform: string) => {
  const child = image.children.find((child) => child.platform === platform);
  if (child === undefined) throw new Error(`no child for ${platform}`);
  return child;
};

/** The files of a child, unpacked by the system's tar as a container runtime would. */
function unpackChild(platform: string): string {
  const root = mkdtempSync(join(folder, 'child-'));
  chmodSync(root, 0o755);
  for (const { digest } of childFor(platform).layers) {
    const blob = join(layout.folder, 'blobs', 'sha256', digest.slice('sha256:'.length));
    execFileSync('tar', ['-xzf', blob, '-C', root, '--no-same-owner']);
  }
  return root;
}

test('packed again from nothing under another umask, home, time zone and locale, the image has the same digest', () => {
  const script = join(import.meta.dirname, 'pack-again.ts');
  const home = join(folder, 'other-home');
  const env = {
    ...process.env,
    HOME: home,
    TMPDIR: folder,
    TZ: 'Pacific/Kiritimati',
    LC_ALL: 'tr_TR.UTF-8',
    // Where npm finds its registry is the machine's business, not the home's.
    npm_config_userconfig: process.env['npm_config_userconfig'] ?? join(process.env['HOME'] ?? '', '.npmrc'),
  };
  mkdirSync(home);
  const run = [
    '-c',
    'umask 077; exec "$@"',
    'sh',
    process.execPath,
    script,
    join(herald.component, 'app.wasm'),
    join(folder, 'again'),
  ];
  expect(execFileSync('sh', run, { env, encoding: 'utf8' })).toBe(image.digest);
});

describe('in a real registry', () => {
  const repository = () =>
    createRepository({ reference: parseReference(`${registry.host}/acme/herald`), clock: systemClock });
  const push = async () =>
    pushImage({ layout, index: await resolveInLayout(layout, 'image'), repository: repository(), tags: ['main'] });

  const copyOut = (tag: string, target: string, options: { global?: readonly string[]; copy: readonly string[] }) => {
    const source = `docker://${registry.host}/acme/herald:${tag}`;
    const global = ['--insecure-policy', ...(options.global ?? [])];
    skopeo.run('skopeo', [...global, 'copy', ...options.copy, '--src-tls-verify=false', source, target]);
  };

  test('the image is what it was, digest for digest, when skopeo copies it out', async () => {
    const pushed = await push();
    expect(pushed.reference).toBe(`${registry.host}/acme/herald@${image.digest}`);
    expect(pushed.present).toEqual([]);
    const copied = join(folder, 'copied');
    copyOut('main', `oci:${copied}:main`, { copy: ['--all', '--preserve-digests'] });
    const listed = JSON.parse(readFileSync(join(copied, 'index.json'), 'utf8')) as { manifests: { digest: string }[] };
    expect(listed.manifests.map(({ digest }) => digest)).toEqual([image.digest]);
    const names = (root: string) => readdirSync(join(root, 'blobs', 'sha256')).sort();
    expect(names(copied)).toEqual(names(layout.folder));
    for (const name of names(copied)) {
      const content = readFileSync(join(copied, 'blobs', 'sha256', name));
      expect(createHash('sha256').update(content).digest('hex')).toBe(name);
    }
  });

  test('each platform and the artifact are found by those who look for them', async () => {
    await push();
    const digestOf = (tag: string, ...override: readonly string[]) => {
      const address = `docker://${registry.host}/acme/herald:${tag}`;
      const raw = skopeo.run('skopeo', [...override, 'inspect', '--raw', '--tls-verify=false', address]);
      return `sha256:${createHash('sha256').update(raw).digest('hex')}`;
    };
    expect(digestOf('main')).toBe(image.digest);
    expect(digestOf('main-wasm')).toBe(childFor('wasip2/wasm').digest);
    for (const platform of ['linux/amd64', 'linux/arm64', 'wasi/wasm']) {
      const [os = '', architecture = ''] = platform.split('/');
      const target = join(folder, `one-${architecture}`);
      const global = [`--override-os=${os}`, `--override-arch=${architecture}`];
      copyOut('main', `oci:${target}`, { global, copy: ['--preserve-digests'] });
      const listed = JSON.parse(readFileSync(join(target, 'index.json'), 'utf8')) as {
        manifests: { digest: string }[];
      };
      expect(listed.manifests[0]?.digest).toBe(childFor(platform).digest);
    }
  });

  test('a second push sends nothing', async () => {
    await push();
    expect(await push()).toMatchObject({ uploaded: [], mounted: [] });
  });
});

describe('the linux/amd64 child', () => {
  test('started in a folder of its own, as its config says, answers HTTP 200', async () => {
    if (process.arch !== 'x64') throw new Error(`this test needs an amd64 machine, not ${process.arch}`);
    const { entrypoint, environment, user } = childFor('linux/amd64');
    const root = unpackChild('linux/amd64');
    // Only the ports are others: 8080 and 9464 may be taken here.
    const [port, metricsPort] = [await freePort(), await freePort()];
    type Configuration = { readonly listen: object; readonly metrics: object };
    const configuration = JSON.parse(readFileSync(join(root, 'slipway/replica.json'), 'utf8')) as Configuration;
    const host = '127.0.0.1';
    const moved = {
      ...configuration,
      listen: { ...configuration.listen, host, port },
      metrics: { ...configuration.metrics, host, port: metricsPort },
    };
    writeFileSync(join(root, 'slipway/replica-test.json'), JSON.stringify(moved));
    const variables = environment.map((line) => line.split('=') as [string, string]);
    const env = { ...Object.fromEntries(variables), SLIPWAY_REPLICA: '/slipway/replica-test.json' };
    // Without root a user namespace gives the right to chroot, but only one user in it.
    const asRoot = process.getuid?.() === 0;
    const [program, ...args] = asRoot
      ? ['/usr/sbin/chroot', `--userspec=${user ?? ''}`, root, ...entrypoint]
      : ['/usr/bin/unshare', '--map-root-user', '/usr/sbin/chroot', root, ...entrypoint];
    const child = spawn(program ?? '', args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = collect(child);
    try {
      const response = await Promise.race([answers(`http://127.0.0.1:${port}/healthz`), endOf(child, said)]);
      expect({ status: response.status, said: said.text }).toMatchObject({ status: 200 });
      const metrics = await (await fetch(`http://${host}:${metricsPort}/metrics`)).text();
      expect(metrics).toMatch(/^slipway_requests_total\{outcome="ok"\} [1-9]/m);
      expect(realpathSync(`/proc/${child.pid}/root`)).toBe(realpathSync(root));
      expect(statSync(`/proc/${child.pid}`).uid).toBe(asRoot ? Number(user?.split(':')[0]) : process.getuid?.());
    } finally {
      child.kill('SIGKILL');
    }
  });

  interface Said {
    text: string;
  }

  function collect(child: ChildProcess): Said {
    const said: Said = { text: '' };
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (piece: Buffer) => (said.text += piece.toString()));
    return said;
  }

  function endOf(child: ChildProcess, said: Said): Promise<never> {
    return new Promise((_, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => reject(new Error(`it ended (${code ?? signal}): ${said.text}`)));
    });
  }
});

describe.each([
  ['linux/amd64', 'Advanced Micro Devices X86-64', '/lib64/ld-linux-x86-64.so.2'],
  ['linux/arm64', 'AArch64', '/lib/ld-linux-aarch64.so.1'],
])('the binaries of the %s child', (platform, machine, loader) => {
  const readelf = (...args: readonly string[]) =>
    execFileSync('readelf', ['--wide', ...args], { encoding: 'utf8', env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' } });

  test('are complete, of that machine, and lack no library', () => {
    const root = unpackChild(platform);
    const libraries = readdirSync(join(root, 'lib')).flatMap((name) =>
      name.endsWith('-linux-gnu')
        ? readdirSync(join(root, 'lib', name)).map((file) => join(root, 'lib', name, file))
        : [],
    );
    const files = [join(root, 'usr/local/bin/node'), join(root, loader), ...libraries];
    expect(libraries.length).toBeGreaterThan(3);
    const present = new Set(files.map((file) => file.slice(file.lastIndexOf('/') + 1)));
    for (const file of files) {
      expect(readelf('--file-header', file)).toContain(machine);
      const size = statSync(file).size;
      // Offset and file size of every program header: "LOAD 0x000000 0x… 0x… 0x00aa 0x00bb R E 0x1000".
      const segments = [...readelf('--program-headers', file).matchAll(/^ {2}[A-Z_]+ +(0x\w+) 0x\w+ 0x\w+ (0x\w+) /gm)];
      expect(segments.length).toBeGreaterThan(3);
      for (const [, offset, length] of segments) expect(Number(offset) + Number(length)).toBeLessThanOrEqual(size);
      const needed = [...readelf('--dynamic', file).matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, name]) => name ?? '');
      expect(needed.filter((name) => !present.has(name))).toEqual([]);
    }
    expect(readelf('--program-headers', join(root, 'usr/local/bin/node'))).toContain(`interpreter: ${loader}`);
    for (const licence of ['node/LICENSE', 'libc6/copyright', 'gcc-12-base/copyright']) {
      expect(existsSync(join(root, 'usr/share/doc', licence))).toBe(true);
    }
  });
});
