/**
 * The layer that a Linux child of an image stands on: Node, exactly the libraries that it needs, licences, and a user
 * that is not root. It is the same for every service.
 */

import { mkdirSync, rmSync } from 'node:fs';
import { join, posix } from 'node:path';
import { temporaryFolder } from '../../kernel/workspace.ts';
import { createLayer, type Layer } from '../layer.ts';
import { ociFault } from '../oci-fault.ts';
import type { TarEntry } from '../tar.ts';
import { fetchDebianPackages, type FetchedPackage } from './debian-packages.ts';
import type { DownloadSite } from './download.ts';
import { readElf } from './elf.ts';
import { fetchNode } from './node-package.ts';
import { RUNTIME_LOCK, type RuntimeArchitecture, type RuntimePins } from './runtime-lock.ts';

/** Where things are inside; `USER` is `uid:gid`. */
export const RUNTIME_NODE = '/usr/local/bin/node';
export const RUNTIME_USER = '65532:65532';

export interface Runtime {
  readonly layer: Layer;
  readonly node: string;
  /** Packages that are not of the pinned version, `libc6 2.36-9`: then other machines may get another digest. */
  readonly unpinned: readonly string[];
}

export interface RuntimeRequest {
  readonly architecture: RuntimeArchitecture;
  readonly environment: DownloadSite['environment'];
  readonly progress?: (text: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Fetches and packs it; about 10 s. Needs `npm`, and apt on Debian.
 *
 * @throws Fault `runtime/no-mirror`, `runtime/download-failed`, `runtime/mismatch`, `runtime/incomplete`.
 */
export async function buildRuntime(request: RuntimeRequest): Promise<Runtime> {
  const { architecture, environment, signal, progress = () => undefined } = request;
  const pins = RUNTIME_LOCK[architecture];
  const folder = temporaryFolder('slipway-runtime-');
  const siteOf = (name: string): DownloadSite => {
    mkdirSync(join(folder, name));
    return { folder: join(folder, name), environment, ...(signal ? { signal } : {}) };
  };
  try {
    progress('fetching libraries');
    const packages = await fetchDebianPackages(architecture, pins.debian, siteOf('debian'));
    progress('fetching Node');
    const node = await fetchNode(pins.node, siteOf('node'));
    const files: TarEntry[] = [
      { kind: 'file', path: RUNTIME_NODE.slice(1), content: node.binary, executable: true },
      ...librariesOf(node.binary, pins, packages),
      { kind: 'file', path: 'usr/share/doc/node/LICENSE', content: node.licence },
      ...copyrightsOf(packages),
      ...accountFiles(),
    ];
    progress('compressing');
    const layer = await createLayer(`Node ${pins.node.version} for linux/${architecture}`, files);
    const unpinned = packages.filter(({ pinned }) => !pinned).map(({ name, version }) => `${name} ${version}`);
    return { layer, node: pins.node.version, unpinned };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Every library that the binary needs, and that those need, and the loader at the path that the binary asks for. */
function librariesOf(binary: Uint8Array, pins: RuntimePins, packages: readonly FetchedPackage[]): readonly TarEntry[] {
  const libraries = new Map<string, Uint8Array>();
  const add = (name: string, content: Uint8Array) => {
    const { machine, needed } = readElf(content, name);
    if (machine !== pins.machine) throw incomplete(`${name} is for machine ${machine}, not ${pins.machine}`);
    for (const next of needed) {
      if (libraries.has(next)) continue;
      const found = findLibrary(packages, next);
      if (found === undefined) throw incomplete(`${name} needs ${next}, which is in none of the pinned packages`);
      libraries.set(next, found);
      add(next, found);
    }
  };
  add('node', binary);
  const { interpreter } = readElf(binary, 'node');
  const loader = interpreter === undefined ? undefined : posix.basename(interpreter);
  if (interpreter === undefined || loader === undefined || !libraries.has(loader)) {
    throw incomplete(`the loader ${interpreter ?? 'of Node'} is in none of the pinned packages`);
  }
  // The loader is found by its absolute path, the others in the folder where Debian's loader looks by itself.
  return [...libraries].map(([name, content]) => ({
    kind: 'file',
    path: name === loader ? interpreter.slice(1) : `lib/${pins.triplet}/${name}`,
    content,
    executable: name === loader,
  }));
}

function findLibrary(packages: readonly FetchedPackage[], name: string): Uint8Array | undefined {
  for (const { files } of packages) {
    for (const [path, file] of files) {
      if (posix.basename(path) !== name) continue;
      const target = 'link' in file ? files.get(posix.resolve(posix.dirname(path), file.link)) : file;
      if (target && 'content' in target) return target.content;
    }
  }
  return undefined;
}

function copyrightsOf(packages: readonly FetchedPackage[]): readonly TarEntry[] {
  return packages.flatMap(({ name, files }) => {
    const path = `usr/share/doc/${name}/copyright`;
    const file = files.get(`/${path}`);
    return file && 'content' in file ? [{ kind: 'file' as const, path, content: file.content }] : [];
  });
}

function accountFiles(): readonly TarEntry[] {
  const [uid, gid] = RUNTIME_USER.split(':');
  const texts = {
    'etc/passwd': `root:x:0:0:root:/:/sbin/nologin\nservice:x:${uid}:${gid}:service:/:/sbin/nologin\n`,
    'etc/group': `root:x:0:\nservice:x:${gid}:\n`,
    'etc/nsswitch.conf': 'hosts: files dns\n',
  };
  return Object.entries(texts).map(([path, text]) => ({ kind: 'file', path, content: Buffer.from(text) }));
}

function incomplete(why: string): Error {
  return ociFault({
    code: 'runtime/incomplete',
    message: `The runtime of the Linux children would not start: ${why}.`,
    hint: 'Tell us: the pinned packages should have everything.',
  });
}
