/** The document as text, by the `yaml` library: comments and blank lines are all that is added. */

import { Document, isMap, isScalar, isSeq, type YAMLMap } from 'yaml';
import { writeExpression } from './expression.ts';
import type { GitlabDocument, GitlabJob, JobRule, WorkflowRule } from './gitlab-document.ts';

/** @param head The comment that the file begins with. */
export function emitGitlab(document: GitlabDocument, head: string): string {
  const { workflow, variables, default: every, stages, jobs } = document;
  const content = {
    workflow: { ...workflow, rules: workflow.rules.map((rule) => writeRule(rule)) },
    variables,
    default: every,
    stages,
    ...Object.fromEntries(Object.entries(jobs).map(([id, job]) => [id, writeJob(job)])),
  };
  // GitLab reads YAML 1.1, where `yes` and `on` are no text unless they are quoted.
  const yaml = new Document(content, { version: '1.1' });
  yaml.commentBefore = ` ${head}`;
  if (isMap(yaml.contents)) separate(yaml.contents, jobs);
  return yaml.toString({ lineWidth: 0, flowCollectionPadding: false });
}

/** The title is a comment: a key that is `undefined` is not written. */
function writeJob(job: GitlabJob): unknown {
  return { ...job, title: undefined, rules: job.rules.map((rule) => writeRule(rule)) };
}

function writeRule(rule: WorkflowRule | JobRule): unknown {
  return { ...rule, if: writeExpression(rule.if) };
}

function separate({ items }: YAMLMap, jobs: GitlabDocument['jobs']): void {
  for (const [index, { key, value }] of items.entries()) {
    if (!isScalar(key)) continue;
    key.spaceBefore = index > 0;
    const title = jobs[String(key.value)]?.title;
    if (title !== undefined) key.commentBefore = ` ${title}`;
    if (isMap(value)) writeShortListsInline(value);
  }
}

const INLINE = new Set(['needs', 'tags', 'paths', 'exit_codes', 'options']);

/** Names in one line read better than one a line. */
function writeShortListsInline(map: YAMLMap): void {
  for (const { key, value } of map.items) {
    if (isMap(value)) writeShortListsInline(value);
    if (isSeq(value) && isScalar(key) && INLINE.has(String(key.value))) value.flow = true;
  }
}
