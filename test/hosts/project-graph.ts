/** From the text of a project file to its jobs, as a Rust project has them. */

import type { JobGraph } from '../../src/hosts/job-graph.ts';
import { planJobs } from '../../src/hosts/index.ts';
import { parseProject } from '../../src/project/parse-project.ts';

export function graphOf(text: string): JobGraph {
  const { project, problems } = parseProject(text, 'slipway.yaml', { toolchain: 'rust', file: 'Cargo.toml' });
  if (project === null || problems.length > 0) {
    throw new Error(problems.map(({ line, message }) => `line ${line}: ${message}`).join('\n'));
  }
  return planJobs({ project, version: '1.2.3' });
}
