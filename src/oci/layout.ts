/**
 * An OCI image layout in a folder (image-spec, image-layout.md): blobs by digest, tags in `index.json`. Safe with many
 * processes at once: a blob appears whole or not at all, tags change under a lock. Only digests name files: nothing that
 * an image or a tag says becomes a path.
 */

import { promises, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson, hexOf, sha256, type Digest } from '../kernel/digest.ts';
import { systemCodeOf } from '../kernel/fault.ts';
import { readIfThere, writeFileAtomic } from '../kernel/workspace.ts';
import { INDEX, type Descriptor } from './descriptor.ts';
import { withLayoutLock } from './layout-lock.ts';
import { MAX_MANIFEST } from './limits.ts';
import { ociFault } from './oci-fault.ts';
import { indexParser, malformed } from './parse.ts';
import { printable } from './printable.ts';

const TAG = 'org.opencontainers.image.ref.name';
const VERSION = '1.0.0';

/** Where content can be read from by its digest: a layout, or a repository of a registry. */
export interface BlobSource {
  /**
   * The bytes of a blob, checked against size and digest.
   *
   * @throws Fault `oci/missing`, `oci/digest-mismatch` or `oci/limit` (larger than `limit` bytes).
   */
  read(descriptor: Pick<Descriptor, 'digest' | 'size' | 'mediaType'>, limit: number): Promise<Uint8Array>;
}

export interface Layout extends BlobSource {
  readonly folder: string;
  has(digest: Digest): boolean;
  /** Bytes of a blob as it lies there, `undefined` when it does not. */
  sizeOf(digest: Digest): number | undefined;
  put(bytes: Uint8Array): Digest;
  /** By tag, sorted. */
  tags(): Promise<ReadonlyMap<string, Descriptor>>;
  /** Points `tag` at a manifest or index that is in the layout; an older meaning of the tag is replaced. */
  tag(tag: string, descriptor: Descriptor): Promise<void>;
}

/**
 * Opens a layout; with `create` makes an empty one where there is none.
 *
 * @throws Fault `oci/missing` when there is none, `oci/malformed` when it is of another version.
 */
export function openLayout({ folder, create = false }: { folder: string; create?: boolean }): Layout {
  const marker = readIfThere(join(folder, 'oci-layout'));
  if (marker === undefined) {
    if (!create) throw missing(`There is no OCI image layout in ${folder}.`);
    writeFileAtomic(join(folder, 'oci-layout'), canonicalJson({ imageLayoutVersion: VERSION }));
  } else if (!marker.includes(`"${VERSION}"`)) {
    throw malformed(`${folder}/oci-layout`, `only version ${VERSION} is known`);
  }
  const indexPath = join(folder, 'index.json');
  const pathOf = (digest: Digest) => join(folder, 'blobs', 'sha256', hexOf(digest));
  const sizeOf = (digest: Digest) => statSync(pathOf(digest), { throwIfNoEntry: false })?.size;
  const has = (digest: Digest) => sizeOf(digest) !== undefined;
  const tags = () => readTags(indexPath);

  return {
    folder,
    has,
    sizeOf,
    put(bytes) {
      const digest = sha256(bytes);
      // What lies there is hashed: a damaged blob is mended by putting it again.
      if (sizeOf(digest) !== bytes.length || sha256(readFileSync(pathOf(digest))) !== digest) {
        writeFileAtomic(pathOf(digest), bytes);
      }
      return digest;
    },
    read: (descriptor, limit) => readVerified(pathOf(descriptor.digest), descriptor, limit),
    tags,
    async tag(tag, descriptor) {
      if (!has(descriptor.digest)) throw missing(`${descriptor.digest} is not in the layout ${folder}.`);
      const parse = await indexParser();
      await withLayoutLock(folder, () => writeTag({ path: indexPath, tag, descriptor, parse }));
    },
  };
}

type IndexParser = Awaited<ReturnType<typeof indexParser>>;

function readEntries(path: string, parse: IndexParser): readonly Descriptor[] {
  const text = readIfThere(path);
  if (text === undefined) return [];
  if (text.length > MAX_MANIFEST) throw malformed(path, 'it is too large');
  return parse(Buffer.from(text), path).manifests;
}

async function readTags(path: string): Promise<ReadonlyMap<string, Descriptor>> {
  const found = new Map<string, Descriptor>();
  for (const descriptor of readEntries(path, await indexParser())) {
    const tag = descriptor.annotations?.[TAG];
    if (tag === undefined) continue;
    if (found.has(tag)) throw malformed(path, `the tag ${JSON.stringify(printable(tag))} stands there twice`);
    found.set(tag, descriptor);
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

interface TagChange {
  readonly path: string;
  readonly tag: string;
  readonly descriptor: Descriptor;
  readonly parse: IndexParser;
}

/** Entries of others (untagged, or with annotations that we do not know) stay. */
function writeTag({ path, tag, descriptor, parse }: TagChange): void {
  const { mediaType, digest, size, artifactType } = descriptor;
  const entry: Descriptor = { mediaType, digest, size, artifactType, annotations: { [TAG]: tag } };
  const nameOf = ({ annotations }: Descriptor) => annotations?.[TAG] ?? '';
  const others = readEntries(path, parse).filter((other) => nameOf(other) !== tag);
  const manifests = [...others, entry].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0));
  writeFileAtomic(path, canonicalJson({ schemaVersion: 2, mediaType: INDEX, manifests }));
}

async function readVerified(
  path: string,
  { digest, size }: Pick<Descriptor, 'digest' | 'size'>,
  limit: number,
): Promise<Uint8Array> {
  if (size > limit) throw tooLarge(digest, size, limit);
  try {
    await using file = await promises.open(path);
    // The size is looked at first, so that a file that grew is not read whole to find out.
    const actual = (await file.stat()).size;
    const bytes = actual === size ? await file.readFile() : undefined;
    if (bytes !== undefined && sha256(bytes) === digest) return bytes;
    throw ociFault({
      code: 'oci/digest-mismatch',
      message: `The content of ${digest} is not what it is called after${actual === size ? '' : `: ${actual} bytes instead of ${size}`}.`,
      hint: `Delete ${path} and build or pull the image again.`,
    });
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') throw missing(`The content of ${digest} is missing.`);
    throw error;
  }
}

export function tooLarge(digest: Digest, size: number, limit: number): Error {
  return ociFault({
    code: 'oci/limit',
    message: `${digest} has ${size} bytes; at most ${limit} are read of such content.`,
    hint: 'Do not trust this image; if it is yours, make it smaller.',
  });
}

export function missing(message: string): Error {
  return ociFault({ code: 'oci/missing', message, hint: 'Build it with `slipway run package`, or pull it again.' });
}
