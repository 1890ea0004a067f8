/** A repository of a registry (distribution-spec 1.1): reads and writes blobs and manifests. It knows no images. */

import type { Clock } from '../kernel/clock.ts';
import { isDigest, sha256, type Digest } from '../kernel/digest.ts';
import { messageOf } from '../kernel/fault.ts';
import { INDEX, MANIFEST, type Blob, type Descriptor } from './descriptor.ts';
import { missing, tooLarge, type BlobSource } from './layout.ts';
import type { CredentialPlaces } from './find-credential.ts';
import { MAX_MANIFEST } from './limits.ts';
import { ociFault } from './oci-fault.ts';
import { printable } from './printable.ts';
import { repositoryName, type Reference } from './reference.ts';
import {
  readBounded,
  refusal,
  sendRequest,
  withRetries,
  type Answer,
  type RegistryRequest,
} from './registry-request.ts';
import { isLoopback, safeLocation } from './safe-address.ts';
import { createSignIn } from './sign-in.ts';
import { withoutSecrets } from './without-secrets.ts';

const DOCKER = 'application/vnd.docker.distribution.manifest';
const ACCEPT = [INDEX, MANIFEST, `${DOCKER}.list.v2+json`, `${DOCKER}.v2+json`].join(', ');

/** A blob that is read only when it must be sent. */
export interface LazyBlob {
  readonly digest: Digest;
  read(): Promise<Uint8Array>;
}

export interface Repository extends BlobSource {
  /** `localhost:5000/acme/greeter` */
  readonly name: string;
  hasBlob(digest: Digest): Promise<boolean>;
  /** Takes the blob over from `mountFrom`, a repository of the same registry, or reads and sends it. Tells which. */
  pushBlob(source: LazyBlob, mountFrom?: string): Promise<'uploaded' | 'mounted'>;
  /** What a tag or digest means now, `undefined` when there is no such. */
  digestOf(reference: string): Promise<Digest | undefined>;
  /** As `digestOf`, with type and size; the content was checked. */
  resolve(reference: string): Promise<Descriptor | undefined>;
  /** Stores a manifest or index under a tag or its digest. */
  pushManifest(blob: Blob, reference: string): Promise<void>;
}

export interface RepositoryOptions {
  readonly reference: Reference;
  readonly clock: Clock;
  /** Plain HTTP also with a registry that is not on this machine. */
  readonly insecure?: boolean;
  /** Where a credential is looked for when the registry asks who we are; none: nobody signs in. */
  readonly credentials?: CredentialPlaces;
  readonly signal?: AbortSignal;
}

/**
 * Every method throws Fault `registry/unauthorized`, `registry/refused`, `registry/unreachable`,
 * `registry/untrusted-location` or `registry/digest-mismatch`, and where a credential is asked for `registry/insecure`,
 * `registry/bad-credentials` or `registry/helper-failed`; reading also as `BlobSource`.
 */
export function createRepository(options: RepositoryOptions): Repository {
  const { reference, insecure = false } = options;
  const name = repositoryName(reference);
  const base = baseUrl(reference, insecure);
  const at = (path: string) => new URL(`/v2/${reference.repository}/${path}`, base);
  const signIn = createSignIn({ ...options, base });
  const send = (request: RegistryRequest) => sendRequest(request, { ...options, signIn });
  const refused = (response: Response, what: string) => refusal(response, what, signIn);
  const ask = (what: string, request: RegistryRequest) => withRetries(`${what} ${name}`, options, () => send(request));

  const head = async (path: string): Promise<Response | undefined> => {
    const { response } = await ask('Looking into', { method: 'HEAD', url: at(path), headers: { accept: ACCEPT } });
    if (response.ok) return response;
    if (response.status === 404) return undefined;
    throw await refused(response, `Looking into ${name}`);
  };
  const get = async (path: string, what: string): Promise<Response> => {
    const { response } = await ask('Reading from', { method: 'GET', url: at(path), headers: { accept: ACCEPT } });
    if (response.ok) return response;
    if (response.status !== 404) throw await refused(response, `Reading from ${name}`);
    await response.body?.cancel();
    throw missing(`${printable(what)} is not in ${name}.`);
  };

  const repository: Repository = {
    name,
    hasBlob: async (digest) => (await head(`blobs/${digest}`)) !== undefined,
    async pushBlob(blob, mountFrom) {
      const answer = await withRetries(`Sending to ${name}`, options, () => upload({ blob, mountFrom, at, send }));
      if (answer.response.status !== 201) throw await refused(answer.response, `Sending to ${name}`);
      await answer.response.body?.cancel();
      return answer.url.searchParams.has('mount') ? 'mounted' : 'uploaded';
    },
    async digestOf(tag) {
      const said = (await head(`manifests/${tag}`))?.headers.get('docker-content-digest');
      return said !== undefined && said !== null && isDigest(said) ? said : undefined;
    },
    async resolve(tag) {
      if ((await head(`manifests/${tag}`)) === undefined) return undefined;
      const response = await get(`manifests/${tag}`, tag);
      const bytes = await readBounded(response, MAX_MANIFEST);
      const digest = sha256(bytes);
      if (bytes.length > MAX_MANIFEST) throw tooLarge(digest, bytes.length, MAX_MANIFEST);
      const said = response.headers.get('docker-content-digest');
      const wanted = isDigest(tag) ? tag : (said ?? digest);
      if (wanted !== digest) throw mismatch(wanted, `it sends ${digest}`);
      return { mediaType: contentType(response), digest, size: bytes.length };
    },
    async read({ digest, size, mediaType }, limit) {
      if (size > limit) throw tooLarge(digest, size, limit);
      const manifest = mediaType === INDEX || mediaType === MANIFEST;
      const response = await get(`${manifest ? 'manifests' : 'blobs'}/${digest}`, digest);
      if (manifest && contentType(response) !== mediaType) {
        await response.body?.cancel();
        throw mismatch(digest, `it says that it is ${printable(contentType(response))}, not ${mediaType}`);
      }
      return readExactly(response, digest, size);
    },
    async pushManifest({ descriptor, bytes }, tag) {
      const headers = { 'content-type': descriptor.mediaType };
      const request: RegistryRequest = { method: 'PUT', url: at(`manifests/${tag}`), headers, body: owned(bytes) };
      const { response } = await ask('Sending to', request);
      if (!response.ok) throw await refused(response, `Sending to ${name}`);
      await response.body?.cancel();
      const said = response.headers.get('docker-content-digest');
      if (said !== null && said !== descriptor.digest)
        throw mismatch(descriptor.digest, `it stored ${printable(said)}`);
    },
  };
  return withoutSecrets(repository, (text) => signIn.redact(text));
}

function baseUrl({ registry }: Reference, insecure: boolean): URL {
  if (registry === 'docker.io') return new URL('https://registry-1.docker.io');
  const host = new URL(`http://${registry}`).hostname;
  return new URL(`${insecure || isLoopback(host) ? 'http' : 'https'}://${registry}`);
}

interface Upload {
  readonly blob: LazyBlob;
  readonly mountFrom: string | undefined;
  readonly at: (path: string) => URL;
  readonly send: (request: RegistryRequest) => Promise<Answer>;
}

/** POST, then PUT of the whole: what fails in between is begun anew. Answers 201 when the blob is there. */
async function upload({ blob, mountFrom, at, send }: Upload): Promise<Answer> {
  const { digest } = blob;
  const url = at('blobs/uploads/');
  if (mountFrom !== undefined) url.search = new URLSearchParams({ mount: digest, from: mountFrom }).toString();
  const begun = await send({ method: 'POST', url });
  if (begun.kind === 'transient' || begun.response.status === 201) return begun;
  if (begun.response.status !== 202) {
    if (mountFrom === undefined) return begun;
    // Some registries answer an error when there is nothing to mount.
    await begun.response.body?.cancel();
    return upload({ blob, mountFrom: undefined, at, send });
  }
  await begun.response.body?.cancel();
  const target = safeLocation(begun.response.headers.get('location'), begun.url);
  // The query is the registry's own and goes back as it came: only the digest is added.
  target.search = `${target.search === '' ? '?' : `${target.search}&`}digest=${encodeURIComponent(digest)}`;
  const headers = { 'content-type': 'application/octet-stream' };
  return send({ method: 'PUT', url: target, headers, body: owned(await blob.read()) });
}

/** `fetch` takes only bytes whose memory nobody shares. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes);
}

function contentType(response: Response): string {
  return (response.headers.get('content-type') ?? '').split(';')[0]?.trim() ?? '';
}

async function readExactly(response: Response, digest: Digest, size: number): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await readBounded(response, size);
  } catch (error) {
    throw ociFault({
      code: 'registry/unreachable',
      kind: 'unreachable',
      message: `The registry stopped in the middle of ${digest}: ${printable(messageOf(error))}.`,
      hint: 'Run it again.',
      retryable: true,
      cause: error,
    });
  }
  if (bytes.length === size && sha256(bytes) === digest) return bytes;
  throw mismatch(digest, bytes.length === size ? 'it sends other content' : `it does not send ${size} bytes`);
}

function mismatch(digest: string, why: string): Error {
  return ociFault({
    code: 'registry/digest-mismatch',
    message: `The registry does not give what ${printable(digest)} means: ${why}.`,
    hint: 'Do not use this image; something between you and the registry changes it.',
  });
}
