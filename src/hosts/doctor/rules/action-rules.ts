/** What a GitHub workflow `uses`: foreign code by a name that may change, or for a Node that is gone. */

import type { Hit } from '../finding.ts';
import { type Pins, SHIPPED_PINS } from '../../pins.ts';
import type { Rule } from '../rule.ts';
import type { SourceFile } from '../source-file.ts';
import { lineAt } from './command-rules.ts';

interface Use {
  /** `actions/cache/restore` */
  readonly action: string;
  readonly ref: string;
  readonly from: number;
  readonly to: number;
  /** As it is told: by the ref, or by the comment behind a commit. */
  readonly major: number | null;
}

/** The first major version of each that runs on Node 24. */
const NODE_24: Readonly<Record<string, number>> = {
  'actions/cache': 5,
  'actions/checkout': 5,
  'actions/download-artifact': 7,
  'actions/github-script': 8,
  'actions/setup-go': 6,
  'actions/setup-java': 5,
  'actions/setup-node': 5,
  'actions/setup-python': 6,
  'actions/upload-artifact': 6,
  'docker/build-push-action': 7,
  'docker/login-action': 4,
  'docker/metadata-action': 6,
  'docker/setup-buildx-action': 4,
  'github/codeql-action': 4,
};

/** Of actions that our own files do not use: what their tags pointed to in November 2026. */
const FOREIGN_PINS: Pins = {
  'actions/attest': { version: 'v4.2.2', commit: '1e69f48acb82d1966a394da916b4c1698aa569d6' },
  'aquasecurity/trivy-action': { version: 'v0.36.0', commit: 'ed142fd0673e97e23eac54620cfb913e5ce36c25' },
  'bytecodealliance/actions': { version: 'v1.1.2', commit: '6aecabac1eb1dcf7ed94ba9471974415ee2ebef2' },
  'docker/build-push-action': { version: 'v7.3.0', commit: '53b7df96c91f9c12dcc8a07bcb9ccacbed38856a' },
  'docker/login-action': { version: 'v4.1.0', commit: '4907a6ddec9925e35a0a9e82d7399ccc52663121' },
  'docker/metadata-action': { version: 'v6.2.0', commit: 'dc802804100637a589fabce1cb79ff13a1411302' },
  'docker/setup-buildx-action': { version: 'v4.3.0', commit: '37fe631027851001ddb9b187196cc803df7f5f0e' },
  'github/codeql-action': { version: 'v4.36.2', commit: '8aad20d150bbac5944a9f9d289da16a4b0d87c1e' },
  'sigstore/cosign-installer': { version: 'v4.1.2', commit: '6f9f17788090df1f26f669e9d70d6ae9567deba6' },
};

export const ACTION_RULES: readonly Rule[] = [
  {
    code: 'github/mutable-action',
    kinds: ['github'],
    what: 'foreign code by a name that can be made to mean something else',
    why: 'Who can move a tag or a branch runs code with the rights of the job: 76 of the 77 tags of aquasecurity/trivy-action were moved in March 2026 (CVE-2026-33634); users of commits were not hit.',
    right:
      'the commit, 40 hexadecimal digits, with the version as a comment behind it (`slipway ci update` keeps them)',
    source: 'https://github.com/aquasecurity/trivy/security/advisories/GHSA-69fq-xp46-6x23',
    *find(file) {
      for (const use of usesIn(file)) {
        const digest = use.action.startsWith('docker://') ? /^sha256:[0-9a-f]{64}$/ : /^[0-9a-f]{40}$/;
        if (digest.test(use.ref)) continue;
        const what =
          use.ref === '' ? `\`${use.action}\` names no version` : `\`${use.action}@${use.ref}\` can be moved`;
        yield { from: use.from, to: use.to, what, ...pinned(use) };
      }
    },
  },
  {
    code: 'github/old-action',
    kinds: ['github'],
    what: 'an action for a Node that is gone',
    why: 'GitHub took Node 16 and Node 20 off its runners (Node 20 in September 2026), and actions/cache before v4 fails since its service was replaced in 2025.',
    right: 'the newest major version, by its commit',
    source: 'https://github.blog/changelog/2025-09-19-deprecation-of-node-20-on-github-actions-runners/',
    *find(file) {
      for (const use of usesIn(file)) {
        const least = NODE_24[repositoryOf(use)];
        if (least === undefined || use.major === null || use.major >= least) continue;
        const what = `\`${use.action}\` v${use.major} is for a Node that is gone; Node 24 begins with v${least}`;
        yield { from: use.from, to: use.to, what, ...pinned(use) };
      }
    },
  },
];

function usesIn(file: SourceFile): readonly Use[] {
  const spots = file.yaml?.spots.filter(({ path, text }) => path.at(-1) === 'uses' && text !== null) ?? [];
  return spots.flatMap(({ text, value: { from, to } }) => {
    const uses = text ?? '';
    // Our own files, at the commit that runs.
    if (uses.startsWith('./')) return [];
    const at = uses.indexOf('@');
    const [action, ref] = at < 0 ? [uses, ''] : [uses.slice(0, at), uses.slice(at + 1)];
    const told = /^v?(\d+)(?:\.|$)/.exec(ref) ?? /#\s*v?(\d+)(?:\.|\s|$)/.exec(lineAt(file, from));
    return [
      { action, ref, from, to, major: told === null || /^[0-9a-f]{40}$/.test(told[1] ?? '') ? null : Number(told[1]) },
    ];
  });
}

function pinned(use: Use): Pick<Hit, 'right'> {
  const repository = repositoryOf(use);
  const pin = SHIPPED_PINS[repository] ?? FOREIGN_PINS[repository];
  return pin === undefined ? {} : { right: `\`uses: ${use.action}@${pin.commit} # ${pin.version}\`` };
}

function repositoryOf({ action }: Use): string {
  return action.split('/').slice(0, 2).join('/');
}
