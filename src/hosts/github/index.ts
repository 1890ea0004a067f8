/** GitHub Actions: a workflow file. It knows the host's language; which jobs there are is said by the graph. */

import type { HostGenerator } from '../host-generator.ts';
import { checkExpressible } from './check-expressible.ts';
import { emitWorkflow } from './emit-workflow.ts';
import { notesOf } from './notes.ts';
import { planWorkflow } from './plan-workflow.ts';

export const githubGenerator: HostGenerator = {
  file: '.github/workflows/slipway.yml',
  generate(graph, pins) {
    checkExpressible(graph);
    return { text: emitWorkflow(planWorkflow(graph), pins), notes: notesOf(graph) };
  },
};
