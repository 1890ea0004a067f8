/** Every rule of the doctor. */

import type { Rule } from './rule.ts';
import { ACTION_RULES } from './rules/action-rules.ts';
import { COMMAND_RULES } from './rules/command-rules.ts';
import { GITLAB_RULES } from './rules/gitlab-rules.ts';
import { JENKINS_RULES } from './rules/jenkins-rules.ts';
import { KUBERNETES_RULES } from './rules/kubernetes-rules.ts';
import { WORKFLOW_RULES } from './rules/workflow-rules.ts';

export const RULES: readonly Rule[] = [
  ...COMMAND_RULES,
  ...ACTION_RULES,
  ...WORKFLOW_RULES,
  ...GITLAB_RULES,
  ...JENKINS_RULES,
  ...KUBERNETES_RULES,
];
