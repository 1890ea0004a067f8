/** GitHub's own parser of workflows. It imports JSON in a way that Node does not take, so Node is told what that is. */

import { registerHooks } from 'node:module';

const hooks = registerHooks({
  load: (url, context, next) =>
    next(url, url.endsWith('.json') ? { ...context, importAttributes: { type: 'json' } } : context),
});
const { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } = await import('@actions/workflow-parser');
hooks.deregister();

/** What it has to say against a workflow. */
export async function problemsInWorkflow(content: string): Promise<readonly string[]> {
  const { context, value } = parseWorkflow({ name: 'slipway.yml', content }, new NoOperationTraceWriter());
  if (value === undefined) return context.errors.getErrors().map(({ message }) => message);
  const { errors = [] } = await convertWorkflowTemplate(context, value);
  return [...context.errors.getErrors().map(({ message }) => message), ...errors.map(({ Message }) => Message)];
}
