/**
 * Debian packages of any architecture on any Debian machine, without installing: a private state of apt, fed from the
 * mirror that this machine's apt is configured for and verified by Debian's keys.
 */

import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, promises, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ociFault } from '../oci-fault.ts';
import { expectDone, LEAVE_OUT, runIn, type DownloadSite } from './download.ts';
import { DEBIAN_SUITE, type DebianPackage, type RuntimeArchitecture } from './runtime-lock.ts';

const KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg';

export interface FetchedPackage {
  readonly name: string;
  readonly version: string;
  /** False when the mirror no longer has the pinned version and gave another (which apt verified). */
  readonly pinned: boolean;
  /** Regular files by absolute path, and the targets of symbolic links. */
  readonly files: ReadonlyMap<string, { readonly content: Uint8Array } | { readonly link: string }>;
}

/** @throws Fault `runtime/no-mirror` where there is no apt of Debian, `runtime/download-failed`, `runtime/mismatch`. */
export async function fetchDebianPackages(
  architecture: RuntimeArchitecture,
  packages: readonly DebianPackage[],
  site: DownloadSite,
): Promise<readonly FetchedPackage[]> {
  const options = prepareApt(architecture, site.folder);
  expectDone(await runIn(site, 'apt-get', [...options, 'update']), "Debian's list of packages", site.signal);
  const fetched: FetchedPackage[] = [];
  for (const wanted of packages) {
    const exact = await runIn(site, 'apt-get', [...options, 'download', `${wanted.name}=${wanted.version}`]);
    if (exact.exitCode !== 0) {
      const other = await runIn(site, 'apt-get', [...options, 'download', wanted.name]);
      expectDone(other, `The Debian package ${wanted.name}`, site.signal);
    }
    fetched.push(await openPackage(wanted, site));
  }
  return fetched;
}

/** Options that keep apt away from the state of this machine. */
function prepareApt(architecture: RuntimeArchitecture, folder: string): readonly string[] {
  const mirror = debianMirror();
  if (mirror === undefined || !existsSync(KEYS)) {
    throw ociFault({
      code: 'runtime/no-mirror',
      message: 'The libraries for the Linux children come from Debian, but this machine has no apt set up for Debian.',
      hint: `Build on Debian, for example in a container. ${LEAVE_OUT}`,
    });
  }
  const inside = (name: string) => join(folder, 'apt', name);
  for (const name of ['state/lists/partial', 'cache/archives/partial', 'parts']) {
    mkdirSync(inside(name), { recursive: true });
  }
  writeFileSync(inside('status'), '');
  writeFileSync(inside('preferences'), '');
  writeFileSync(inside('sources.list'), `deb [signed-by=${KEYS}] ${mirror} ${DEBIAN_SUITE} main\n`);
  const settings = {
    'APT::Architecture': architecture,
    'APT::Architectures': architecture,
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
    'Debug::NoLocking': '1',
    'Dir::Cache': inside('cache'),
    'Dir::Etc::Preferences': inside('preferences'),
    'Dir::Etc::PreferencesParts': inside('parts'),
    'Dir::Etc::SourceList': inside('sources.list'),
    'Dir::Etc::SourceParts': inside('parts'),
    'Dir::State': inside('state'),
    'Dir::State::status': inside('status'),
  };
  return ['-q', ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
}

/** The first address of a Debian archive in this machine's configuration of apt, of either format (sources.list(5)). */
function debianMirror(): string | undefined {
  const files = ['/etc/apt/sources.list', ...globSync('/etc/apt/sources.list.d/*.{list,sources}').sort()];
  const lines = files.filter((file) => existsSync(file)).flatMap((file) => readFileSync(file, 'utf8').split('\n'));
  return findMirror(lines);
}

/** Exported for its test. */
export function findMirror(lines: readonly string[]): string | undefined {
  const addresses = lines.flatMap((line) => {
    const oneLine = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)/.exec(line);
    const stanza = /^URIs:\s*(.+)$/i.exec(line);
    return oneLine ? [oneLine[1] ?? ''] : (stanza?.[1]?.trim().split(/\s+/) ?? []);
  });
  return addresses.map((address) => address.replace(/\/+$/, '')).find((address) => /^https?:.*\/debian$/.test(address));
}

async function openPackage(wanted: DebianPackage, site: DownloadSite): Promise<FetchedPackage> {
  const file = readdirSync(site.folder).find((name) => name.startsWith(`${wanted.name}_`) && name.endsWith('.deb'));
  if (file === undefined) throw new Error(`apt-get left no file of ${wanted.name}`);
  const version = decodeURIComponent(file.split('_')[1] ?? '');
  const digest = createHash('sha256').update(readFileSync(join(site.folder, file)));
  const pinned = version === wanted.version;
  if (pinned && digest.digest('hex') !== wanted.sha256) {
    throw ociFault({
      code: 'runtime/mismatch',
      message: `The Debian package ${wanted.name} ${version} from this mirror is not the one that Slipway was made with.`,
      hint: 'Check which mirror apt is configured for: it serves another file under this version.',
    });
  }
  const archive = join(site.folder, `${wanted.name}.tar`);
  const unpack = ['-c', 'exec dpkg-deb --fsys-tarfile "$1" >"$2"', 'sh', join(site.folder, file), archive];
  expectDone(await runIn(site, 'sh', unpack), `The content of ${file}`, site.signal);
  const { unpackTar } = await import('modern-tar');
  const files = new Map<string, { content: Uint8Array } | { link: string }>();
  for (const { header, data } of await unpackTar(await promises.readFile(archive))) {
    const path = header.name.replace(/^\.?\/?/, '/');
    if (header.type === 'file') files.set(path, { content: data ?? new Uint8Array() });
    if (header.type === 'symlink' && header.linkname !== undefined) files.set(path, { link: header.linkname });
  }
  return { name: wanted.name, version, pinned, files };
}
