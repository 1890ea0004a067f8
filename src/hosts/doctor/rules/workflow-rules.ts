/** The shape of a GitHub workflow. */

import type { Hit } from '../finding.ts';
import type { Rule } from '../rule.ts';
import type { SourceFile } from '../source-file.ts';
import type { Spot } from '../yaml-tree.ts';

const SECURE_USE = 'https://docs.github.com/en/actions/reference/security/secure-use';

const EXPRESSION = /\$\{\{(.*?)\}\}/gs;
/** A member of `github`, or all of it as text. Nothing in it tells upper from lower case. */
const MEMBER = /(?<![\w.'-])github(?:\.[\w*-]+|\[\s*(?:'[^']*'|\d+)\s*\])+|(?<=\btoJSON\(\s*)github(?=\s*\))/gi;
/** Text that whoever opens an issue, a pull request or a branch can choose. */
const UNTRUSTED = /^github(?:$|\.(?:event|head_ref|ref_name)(?:$|\.))/;
/** Numbers and commits can't do harm, and inputs are from those who may write. */
const HARMLESS =
  /^github\.event\.inputs\b|\.(?:number|id|sha|merged|draft|before|after|action|created|deleted|forced)$/;

export const WORKFLOW_RULES: readonly Rule[] = [
  {
    code: 'github/pull-request-target',
    kinds: ['github'],
    what: '`pull_request_target` runs with the secrets and rights of the repository',
    why: 'Whoever opens a pull request brings code or text to a job that may write.',
    right: '`pull_request`, and a second workflow for what needs rights',
    source: SECURE_USE,
    *find({ yaml }) {
      for (const { path, text, key, value } of yaml?.spots ?? []) {
        if (path[1] !== 'on') continue;
        if (text === 'pull_request_target') yield value;
        if (path.length === 3 && path[2] === 'pull_request_target') yield key;
      }
    },
  },
  {
    code: 'github/no-permissions',
    kinds: ['github'],
    what: 'nothing says what the token of this job may do',
    why: 'Then it may do what the repository or the organisation allows at most, often to write everything.',
    right: '`permissions: { contents: read }` at the top, and more only in the job that needs it',
    source: SECURE_USE,
    *find(file) {
      if (file.yaml?.at([0, 'permissions'])) return;
      for (const { key, path } of jobsOf(file)) if (!file.yaml?.at([...path, 'permissions'])) yield key;
    },
  },
  {
    code: 'github/write-all',
    kinds: ['github'],
    what: 'the token may write everything',
    why: 'One step that was taken over can then push code and publish.',
    right: '`permissions: { contents: read }`, and by name what the job writes',
    source: SECURE_USE,
    *find({ yaml }) {
      for (const { path, text, value } of yaml?.spots ?? []) {
        if (path.at(-1) === 'permissions' && text === 'write-all') yield value;
      }
    },
  },
  {
    code: 'github/no-timeout',
    kinds: ['github'],
    what: 'a job without `timeout-minutes`',
    why: 'A job that hangs is paid for six hours.',
    right: '`timeout-minutes: 20`',
    source: 'https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax',
    *find(file) {
      for (const { key, path } of jobsOf(file)) {
        // A job that calls another workflow can have none.
        if (!file.yaml?.at([...path, 'timeout-minutes']) && !file.yaml?.at([...path, 'uses'])) yield key;
      }
    },
  },
  {
    code: 'github/floating-runner',
    kinds: ['github'],
    what: 'a runner that becomes another system one day',
    why: '`-latest` is moved to the next version of the system by GitHub.',
    right: '`ubuntu-24.04`',
    source: 'https://github.com/actions/runner-images',
    *find({ yaml }) {
      for (const { path, text, value } of yaml?.spots ?? []) {
        if (path.includes('runs-on') && /^(?:ubuntu|windows|macos)-latest$/.test(text ?? '')) yield value;
      }
    },
  },
  {
    code: 'github/script-injection',
    kinds: ['github'],
    what: 'text that a stranger can choose becomes part of a script',
    why: 'A title such as `"; curl … | sh #` is then run with the rights of the job.',
    right: '`env: { TITLE: ${{ … }} }` at the step, and `"$TITLE"` in the script',
    source: SECURE_USE,
    find: injections,
  },
  {
    code: 'github/cache-in-publish',
    kinds: ['github'],
    what: 'a job that publishes takes files out of a cache',
    why: 'Who could write to the cache then writes what is published (TanStack, May 2026).',
    right: 'no cache in this job; build without one, or take over what an earlier job of the same run has built',
    source: 'https://github.com/actions/cache/issues/1756',
    *find(file) {
      for (const { path } of jobsOf(file)) {
        const rights = file.yaml?.below([...path, 'permissions']) ?? [];
        const publishes = rights.some(
          (right) =>
            ['packages', 'id-token', 'attestations'].includes(String(right.path.at(-1))) && right.text === 'write',
        );
        if (publishes) yield* stepsUsing(file, path, /^actions\/cache(?:\/restore)?@/);
      }
    },
  },
];

function jobsOf({ yaml }: SourceFile): readonly Spot[] {
  return yaml?.below([0, 'jobs']).filter(({ shape }) => shape === 'map') ?? [];
}

function* stepsUsing({ yaml }: SourceFile, job: Spot['path'], action: RegExp): Generator<Hit> {
  for (const step of yaml?.below([...job, 'steps']) ?? []) {
    const uses = yaml?.at([...step.path, 'uses']);
    if (uses !== undefined && action.test(uses.text ?? '')) yield uses.value;
  }
}

/** In `run`, and in the script that actions/github-script is given. */
function* injections(file: SourceFile): Generator<Hit> {
  for (const { path, value } of file.yaml?.spots ?? []) {
    const last = path.at(-1);
    const isScript = last === 'run' || (last === 'script' && path.at(-2) === 'with');
    if (!isScript || !path.includes('steps')) continue;
    for (const { 0: found, 1: inside = '', index } of file.code.slice(value.from, value.to).matchAll(EXPRESSION)) {
      const what = inside.match(MEMBER)?.find(isUntrusted);
      if (what === undefined) continue;
      yield {
        from: value.from + index,
        to: value.from + index + found.length,
        what: `\`${what}\` becomes part of a script`,
      };
    }
  }
}

/** @param member `github.event.issue['title']` */
function isUntrusted(member: string): boolean {
  const dotted = member.replaceAll(/\[\s*'?([^'\]]*?)'?\s*\]/g, '.$1').toLowerCase();
  return UNTRUSTED.test(dotted) && !HARMLESS.test(dotted);
}
