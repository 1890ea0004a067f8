/** Names of images: `ghcr.io/acme/greeter:main`, read as distribution's `reference` package reads them. */

import { isDigest, type Digest } from '../kernel/digest.ts';
import { ociFault } from './oci-fault.ts';
import { printable } from './printable.ts';

export interface Reference {
  /** Host, and port when one is given: `ghcr.io`, `localhost:5000`, `[::1]:5000`. */
  readonly registry: string;
  /** `acme/greeter` */
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

const PART = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const HOST =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])$/;
const MAX_NAME = 255;

/**
 * A name without a host is Docker Hub's (`greeter` → `docker.io/library/greeter`): the first part is a host when it has a
 * dot or a colon or is `localhost`.
 *
 * @throws Fault `reference/malformed`.
 */
export function parseReference(text: string): Reference {
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !isDigest(digest)) throw malformed(text, 'what follows the @ is no sha256 digest');
  const rest = at < 0 ? text : text.slice(0, at);
  const colon = rest.lastIndexOf(':');
  const tagged = colon > rest.lastIndexOf('/');
  const tag = tagged ? rest.slice(colon + 1) : undefined;
  if (tag !== undefined && !TAG.test(tag)) {
    throw malformed(text, 'a tag is at most 128 letters, digits, dots, dashes and underscores');
  }
  return {
    ...splitName(tagged ? rest.slice(0, colon) : rest, text),
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** The name without tag and digest. */
export function repositoryName({ registry, repository }: Reference): string {
  return `${registry}/${repository}`;
}

function splitName(name: string, text: string): { registry: string; repository: string } {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const hasHost = /[.:[]/.test(first) || first === 'localhost';
  const registry = hasHost ? first.toLowerCase() : 'docker.io';
  checkHost(registry, text);
  const path = hasHost ? name.slice(slash + 1) : name;
  const repository = registry === 'docker.io' && !path.includes('/') ? `library/${path}` : path;
  if (!repository.split('/').every((part) => PART.test(part))) {
    throw malformed(text, 'each part of the name is lower-case letters and digits, with single . _ or - between them');
  }
  if (registry.length + 1 + repository.length > MAX_NAME) {
    throw malformed(text, `a name has at most ${MAX_NAME} characters`);
  }
  return { registry: registry === 'index.docker.io' ? 'docker.io' : registry, repository };
}

function checkHost(registry: string, text: string): void {
  const [, host = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(registry) ?? [];
  if (!HOST.test(host)) throw malformed(text, 'the part before the first slash is no host name');
  if (port === undefined) return;
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535)
    throw malformed(text, 'its port is no port');
}

function malformed(text: string, why: string): Error {
  return ociFault({
    code: 'reference/malformed',
    kind: 'usage',
    message: `"${printable(text, 100)}" is no name of an image: ${why}.`,
    hint: 'Write it as registry/name:tag, for example ghcr.io/acme/greeter:main.',
  });
}
