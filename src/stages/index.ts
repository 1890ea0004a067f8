/**
 * Where the pipeline meets the domains: the tasks of every stage for one project. This folder says what is done and what it
 * depends on; how it is done is the domains' own, and when it is done the pipeline's.
 */

import type { TaskDefinition } from '../pipeline/index.ts';
import { toolchainFault } from '../toolchains/index.ts';
import { buildTasks } from './build.ts';
import { checkTasks } from './check.ts';
import { openRustProject } from './rust-project.ts';
import type { StageOptions } from './stage-options.ts';
import { testTasks } from './test.ts';

export { type BuiltModule } from './build.ts';
export { type StageOptions, type StageProject } from './stage-options.ts';

/**
 * The tasks that the project's settings ask for. Starts no program when toolchain and project are as they were.
 *
 * @throws Fault `toolchain/…` when the project can't be built on this machine.
 */
export async function createTasks(options: StageOptions): Promise<readonly TaskDefinition[]> {
  const { project } = options;
  const language = project.build.toolchain ?? 'rust';
  if (language !== 'rust') {
    throw toolchainFault({
      code: 'toolchain/not-found',
      message: `Services in ${language} can't be built yet.`,
      hint: 'Use `build.toolchain: rust`.',
    });
  }
  const rust = await openRustProject(options);
  return [...checkTasks(rust, project.checks), ...buildTasks(rust, options), ...testTasks(rust, project.tests)];
}
