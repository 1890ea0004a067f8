/**
 * Programs of others that ours must get along with, from Debian and without installing: a private state of apt, fed by
 * this machine's own sources, and the packages unpacked below `.slipway/peers` of the checkout. Fetched once.
 */

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

const PEERS = join(import.meta.dirname, '..', '..', '.slipway', 'peers');

export interface Peer {
  /** Folder that the packages are unpacked in. */
  readonly root: string;
  /** Runs one of its programs to its end and gives its standard output; throws with what it said when it fails. */
  run(program: string, args: readonly string[]): string;
  /** The environment in which its programs find their libraries. */
  readonly env: Readonly<Record<string, string>>;
}

/** `packages` with the libraries that this machine may lack: dependencies are not followed. */
function fetchPeer(name: string, packages: readonly string[]): Peer {
  const root = join(PEERS, name);
  if (!existsSync(root)) unpack(root, packages);
  const libraries = globSync([`${root}/usr/lib/*-linux-gnu`, `${root}/lib/*-linux-gnu`]).join(':');
  const env = { PATH: '/usr/bin:/bin', HOME: root, LC_ALL: 'C', LD_LIBRARY_PATH: libraries };
  return {
    root,
    env,
    run: (program, args) =>
      execFileSync(join(root, 'usr/bin', program), args, { env, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }),
  };
}

function unpack(root: string, packages: readonly string[]): void {
  mkdirSync(PEERS, { recursive: true });
  const work = mkdtempSync(`${root}-`);
  try {
    for (const folder of ['state/lists/partial', 'cache/archives/partial'])
      mkdirSync(join(work, folder), { recursive: true });
    writeFileSync(join(work, 'status'), '');
    const settings = [
      `Dir::State=${work}/state`,
      `Dir::State::status=${work}/status`,
      `Dir::Cache=${work}/cache`,
      'Acquire::Languages=none',
      'APT::Sandbox::User=root',
      'Debug::NoLocking=1',
    ];
    const options = ['-q', ...settings.flatMap((setting) => ['-o', setting])];
    const apt = (...args: readonly string[]) =>
      execFileSync('apt-get', [...options, ...args], { cwd: work, stdio: ['ignore', 'ignore', 'pipe'] });
    apt('update');
    apt('download', ...packages);
    for (const file of globSync(`${work}/*.deb`)) execFileSync('dpkg-deb', ['--extract', file, join(work, 'root')]);
    // Another test may have been quicker: its folder is as good.
    if (!existsSync(root)) renameSync(join(work, 'root'), root);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

export const fetchSkopeo = (): Peer => fetchPeer('skopeo', ['skopeo', 'libgpgme11', 'libassuan0', 'libgpg-error0']);

export interface RunningRegistry {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  stop(): Promise<void>;
}

/** Debian's docker-registry (distribution 2.8) on loopback, with its content below `folder`. */
export async function startDockerRegistry(folder: string): Promise<RunningRegistry> {
  const { root, env } = fetchPeer('docker-registry', ['docker-registry']);
  const port = await freePort();
  const configuration = join(folder, 'registry.yml');
  writeFileSync(
    configuration,
    [
      'version: 0.1',
      'log: { level: error }',
      `storage: { filesystem: { rootdirectory: ${join(folder, 'registry')} } }`,
      `http: { addr: "127.0.0.1:${port}" }`,
      '',
    ].join('\n'),
  );
  const program = spawn(join(root, 'usr/bin/docker-registry'), ['serve', configuration], { env, stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => program.once('exit', () => resolve()));
  const host = `127.0.0.1:${port}`;
  await answers(`http://${host}/v2/`);
  return {
    host,
    stop() {
      program.kill('SIGKILL');
      return ended;
    },
  };
}

/** Waits until an address answers with success, for at most `patience` milliseconds. */
export async function answers(url: string, patience = 20_000): Promise<Response> {
  const deadline = performance.now() + patience;
  for (;;) {
    try {
      const response = await fetch(url);
      if (response.ok || performance.now() > deadline) return response;
      await response.body?.cancel();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
