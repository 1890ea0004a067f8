/** The shape of a GitLab file. */

import { matches, type Rule } from '../rule.ts';
import type { SourceFile } from '../source-file.ts';
import type { Spot } from '../yaml-tree.ts';
import { unmatchedCoverage } from './coverage-regex.ts';

const DEPRECATED = 'https://docs.gitlab.com/ci/yaml/deprecated_keywords/';
const TOP_LEVEL = ['image', 'services', 'cache', 'before_script', 'after_script'];
const NO_JOBS = new Set(['default', 'include', 'spec', 'stages', 'variables', 'workflow', 'types', ...TOP_LEVEL]);

export const GITLAB_RULES: readonly Rule[] = [
  {
    code: 'gitlab/only-except',
    kinds: ['gitlab'],
    what: '`only` and `except` are deprecated',
    why: 'They still work, but get nothing new, and can not be mixed with `rules`.',
    right:
      '`rules:` in the job, and `workflow: rules:` for the pipeline: `rules: [{ if: $CI_COMMIT_BRANCH == "main" }]`',
    source: DEPRECATED,
    *find(file) {
      for (const { key, path } of inJobs(file, ['only', 'except'])) {
        if (file.yaml?.at([...path.slice(0, -1), 'rules']) === undefined) yield key;
      }
    },
  },
  {
    code: 'gitlab/only-with-rules',
    kinds: ['gitlab'],
    what: '`only` or `except` beside `rules`',
    why: 'GitLab refuses the whole file.',
    right: '`rules:` alone',
    source: 'https://docs.gitlab.com/ci/yaml/#rules',
    *find(file) {
      for (const { key, path } of inJobs(file, ['only', 'except'])) {
        if (file.yaml?.at([...path.slice(0, -1), 'rules']) !== undefined) yield key;
      }
    },
  },
  {
    code: 'gitlab/top-level-keyword',
    kinds: ['gitlab'],
    what: 'a default of all jobs at the top of the file',
    why: '`image`, `services`, `cache`, `before_script` and `after_script` there are deprecated.',
    right: 'the same below `default:`',
    source: DEPRECATED,
    *find({ yaml }) {
      for (const name of TOP_LEVEL) {
        const spot = yaml?.at([0, name]);
        if (spot !== undefined) yield { ...spot.key, right: `\`default: { ${name}: … }\`` };
      }
    },
  },
  {
    code: 'gitlab/metrics-report',
    kinds: ['gitlab'],
    what: '`artifacts: reports: metrics` shows nothing on the free tier',
    why: 'It needs Premium or Ultimate, and says nothing where it does not work.',
    right: 'numbers as properties of a `junit` report or as `codequality`, which every tier shows',
    source: 'https://docs.gitlab.com/ci/testing/metrics_reports/',
    *find(file) {
      for (const { path, key } of file.yaml?.spots ?? []) {
        if (path.slice(-3).join('.') === 'artifacts.reports.metrics') yield key;
      }
    },
  },
  {
    code: 'gitlab/job-jwt',
    kinds: ['gitlab'],
    what: '`CI_JOB_JWT` is gone',
    why: 'GitLab 17.0 removed it: the variable is empty.',
    right: '`id_tokens: { TOKEN: { aud: https://… } }` in the job, and `$TOKEN`',
    source: 'https://docs.gitlab.com/ci/secrets/id_token_authentication/',
    find: (file) => matches(file, /\bCI_JOB_JWT(?:_V[12])?\b/g),
  },
  {
    code: 'gitlab/duplicate-pipelines',
    kinds: ['gitlab'],
    what: 'jobs for merge requests, and nothing that keeps a push to their branch from starting a second pipeline',
    why: 'Both run the same commit; the branch waits for twice the jobs.',
    right: '`workflow: rules:` with merge requests, branches without `$CI_OPEN_MERGE_REQUESTS`, and tags',
    source: 'https://docs.gitlab.com/ci/yaml/workflow/',
    *find(file) {
      if (file.yaml?.at([0, 'workflow', 'rules'])) return;
      const [first] = matches(file, /merge_request_event|(?<=^\s*-\s*)merge_requests\b/gm);
      if (first !== undefined) yield first;
    },
  },
  {
    code: 'gitlab/coverage-regex',
    kinds: ['gitlab'],
    what: 'a pattern for coverage that no line of this job matches',
    why: 'GitLab then shows no number, and says nothing.',
    right: "`coverage: '/^coverage: (\\d+\\.\\d+)%/m'` for the line that `slipway run test` prints",
    source: 'https://docs.gitlab.com/ci/testing/code_coverage/',
    find: unmatchedCoverage,
  },
];

/** The spots of these keys in jobs (and templates of jobs). */
function inJobs({ yaml }: SourceFile, keys: readonly string[]): readonly Spot[] {
  return (yaml?.spots ?? []).filter(
    ({ path }) => path.length === 3 && !NO_JOBS.has(String(path[1])) && keys.includes(String(path[2])),
  );
}
