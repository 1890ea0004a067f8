/** Which revision is deployed where: the presets of the contract, and the rules that override them. */

import { hexOf, sha256 } from '../kernel/digest.ts';
import { globsOverlap, matchesGlob } from './glob.ts';
import type { BranchPreset, BranchRule, Project, ProjectEnvironment } from './project.ts';
import type { Revision } from './revision.ts';

type Way = readonly [pattern: string, ref: 'branch' | 'tag', approval?: 'approval'];

/** Environment → ways into it, in the order in which one revision reaches the environments. */
const PRESETS: Readonly<Record<BranchPreset, Readonly<Record<string, readonly Way[]>>>> = {
  gitflow: {
    preview: [
      ['feature/*', 'branch'],
      ['bugfix/*', 'branch'],
    ],
    staging: [
      ['develop', 'branch'],
      ['release/*', 'branch'],
      ['hotfix/*', 'branch'],
    ],
    production: [
      ['main', 'branch'],
      ['v*.*.*', 'tag'],
      ['hotfix/*', 'branch', 'approval'],
    ],
  },
  trunk: {
    staging: [['main', 'branch']],
    production: [['main', 'branch']],
  },
};

/** The rules of an environment: what it says itself, else what the preset says of its name. */
export function rulesFor(
  name: string,
  from: readonly string[] | undefined,
  preset: BranchPreset | null,
): readonly BranchRule[] {
  if (from !== undefined) return from.map((pattern) => ({ pattern, ref: 'any', source: 'from', approval: false }));
  if (preset === null) return [];
  const ways = PRESETS[preset][name] ?? [];
  return ways.map(([pattern, ref, approval]) => ({ pattern, ref, source: preset, approval: approval !== undefined }));
}

/** Where an environment stands in the order of a preset; those that it does not know come behind. */
export function presetRank(name: string): number {
  const rank = Object.keys(PRESETS.gitflow).indexOf(name);
  return rank < 0 ? Object.keys(PRESETS.gitflow).length : rank;
}

/** Two rules that claim one ref, or `undefined`. What one preset gives to two environments is meant so. */
export function firstOverlap(
  one: readonly BranchRule[],
  other: readonly BranchRule[],
): { readonly one: BranchRule; readonly other: BranchRule } | undefined {
  for (const a of one) {
    for (const b of other) {
      const sameRef = a.ref === 'any' || b.ref === 'any' || a.ref === b.ref;
      if (sameRef && (a.source === 'from' || b.source === 'from') && globsOverlap(a.pattern, b.pattern))
        return { one: a, other: b };
    }
  }
  return undefined;
}

export interface Deployment {
  readonly environment: string;
  /** A sentence for people. */
  readonly why: string;
  /** Whether a person must approve first. */
  readonly approval: boolean;
}

/** Where a revision is deployed, in that order. Empty: nowhere; `whyNowhere` says why. */
export function deploymentsFor(project: Project, revision: Pick<Revision, 'kind' | 'name'>): readonly Deployment[] {
  return project.environments.flatMap((environment): readonly Deployment[] => {
    const rule = environment.from.find((rule) => ruleMatches(rule, revision));
    if (rule === undefined) return [];
    return [{ environment: environment.name, why: whyOf(rule, revision), approval: needsApproval(rule, environment) }];
  });
}

function ruleMatches(rule: BranchRule, { kind, name }: Pick<Revision, 'kind' | 'name'>): boolean {
  if (rule.source === 'implicit') return true;
  if (kind !== 'branch' && kind !== 'tag') return false;
  return (rule.ref === 'any' || rule.ref === kind) && matchesGlob(rule.pattern, name);
}

function needsApproval(rule: BranchRule, environment: ProjectEnvironment): boolean {
  return rule.approval || environment.spec.approval.count > 0;
}

function whyOf(rule: BranchRule, { kind, name }: Pick<Revision, 'kind' | 'name'>): string {
  if (rule.source === 'implicit') return 'the project has no environment but local';
  const where = rule.source === 'from' ? '`from` of the environment' : `\`branches: ${rule.source}\``;
  return rule.pattern === name
    ? `${kind} ${name}, by ${where}`
    : `${kind} ${name} is one of ${rule.pattern}, by ${where}`;
}

/** Why `deploymentsFor` is empty, and what to do about it. */
export function whyNowhere(project: Project, { kind, name }: Pick<Revision, 'kind' | 'name'>): string {
  if (kind === 'pullRequest') return `pull request ${name} is checked and not deployed`;
  if (kind === 'detached')
    return 'no branch or tag is checked out, so no rule applies; `slipway deploy ENVIRONMENT` deploys it';
  const hasRules = project.environments.some(({ from }) => from.length > 0);
  return hasRules
    ? `no environment is deployed from ${kind} ${name}; \`from\` of an environment would name it`
    : 'the project file has no `branches` and no `from`; `slipway deploy ENVIRONMENT` deploys it';
}

const LONGEST_SLUG = 63;

/**
 * A branch name as a DNS label and image tag: lower case, anything else than letters and digits a hyphen. A name that
 * is cut, or of which nothing is left, gets eight digits of its hash.
 */
export function branchSlug(name: string): string {
  const slug = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  if (slug !== '' && slug.length <= LONGEST_SLUG) return slug;
  const hash = hexOf(sha256(name)).slice(0, 8);
  return [slug.slice(0, LONGEST_SLUG - 9).replace(/-+$/, ''), hash].filter((part) => part !== '').join('-');
}
