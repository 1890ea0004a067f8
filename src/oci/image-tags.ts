/** The tags that an image gets from the revision it was built of. Tags are for people; machines use the digest. */

export interface TaggedRevision {
  /** 40 hexadecimal digits. */
  readonly commit: string;
  readonly branch?: string | undefined;
  /** A git tag. */
  readonly tag?: string | undefined;
  /** Add `latest`: only when somebody asked for it. */
  readonly latest?: boolean;
}

const MAX_SLUG = 63;
const VERSION = /^v(\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?)$/;

/** `sha-0123456789ab`, the branch as a slug, `1.2.3` of a git tag `v1.2.3`. Each once, in this order. */
export function imageTags({ commit, branch, tag, latest = false }: TaggedRevision): readonly string[] {
  const version = VERSION.exec(tag ?? '')?.[1]
    ?.replaceAll('+', '-')
    .slice(0, 128);
  const slug = branch === undefined ? '' : branchSlug(branch);
  const tags = [`sha-${commit.slice(0, 12)}`, slug, version ?? '', latest ? 'latest' : ''];
  return [...new Set(tags.filter((name) => name !== ''))];
}

/** The tag of the Wasm artifact that belongs to an image's tag. */
export function artifactTag(tag: string): string {
  return `${tag.slice(0, 128 - '-wasm'.length)}-wasm`;
}

/** A branch can't take the place of a commit, a version, `latest` or an artifact: then it gets a prefix. */
function branchSlug(branch: string): string {
  const slug = branch
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_SLUG)
    .replace(/^-+|-+$/g, '');
  const taken = /^(latest|sha-[0-9a-f]{12}|\d+-\d+-\d+.*|.*-wasm)$/.test(slug);
  return taken ? `branch-${slug.slice(0, MAX_SLUG - 7)}${slug.endsWith('-wasm') ? '-branch' : ''}` : slug;
}
