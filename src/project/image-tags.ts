/**
 * The tags that an image gets from the revision it was built of. Tags are for people; machines use the digest. A tree
 * that differs from its commit must not bear the commit's tags.
 */

import type { Revision } from './revision.ts';

const MAX_SLUG = 63;
const VERSION = /^v(\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?)$/;

/** `sha-0123456789ab`, the branch as a slug, `1.2.3` of a git tag `v1.2.3`: each once, in this order. Never `latest`. */
export function imageTags({
  commit,
  kind,
  name,
  dirty,
}: Pick<Revision, 'commit' | 'kind' | 'name' | 'dirty'>): readonly string[] {
  const id = `sha-${commit.slice(0, 12)}`;
  if (dirty > 0) return [`${id}-dirty`];
  const slug = kind === 'branch' ? branchTag(name) : '';
  const version = kind === 'tag' ? VERSION.exec(name)?.[1]?.replaceAll('+', '-').slice(0, 128) : undefined;
  return [...new Set([id, slug, version ?? ''].filter((tag) => tag !== ''))];
}

/** A branch can't take the place of a commit, a version, `latest` or an artifact: then it gets a prefix. */
function branchTag(branch: string): string {
  const slug = branch
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_SLUG)
    .replace(/^-+|-+$/g, '');
  const taken = /^(latest|sha-[0-9a-f]{12}|\d+-\d+-\d+.*|.*-wasm)$/.test(slug);
  return taken ? `branch-${slug.slice(0, MAX_SLUG - 7)}${slug.endsWith('-wasm') ? '-branch' : ''}` : slug;
}
