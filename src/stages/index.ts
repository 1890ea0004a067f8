/**
 * Where the pipeline meets the domains: the tasks of every stage for one project. This folder says what is done and what it
 * depends on; how it is done is the domains' own, and when it is done the pipeline's.
 */

import type { TaskDefinition } from '../pipeline/index.ts';
import { toolchainFault } from '../toolchains/index.ts';
import { buildTasks } from './build.ts';
import { checkTasks } from './check.ts';
import { packageTasks } from './package.ts';
import { openRustProject } from './rust-project.ts';
import type { StageOptions } from './stage-options.ts';
import { testTasks } from './test.ts';

export { type BuiltModule } from './build.ts';
export { type StageOptions, type StageProject } from './stage-options.ts';

/**
 * The tasks that the project's settings ask for; an image is made only of what passed every check and test. Starts no
 * program when toolchain and project are as they were.
 *
 * @throws Fault `toolchain/…` when the project can't be built on this machine, `package/no-replica-host`.
 */
export async function createTasks(options: StageOptions): Promise<readonly TaskDefinition[]> {
  const { project, environment, replicaBundle } = options;
  const { service, build, checks, tests, image } = project;
  if (build.toolchain !== 'rust') {
    throw toolchainFault({
      code: 'toolchain/not-found',
      message: `Services in ${build.toolchain} can't be built yet.`,
      hint: 'Use `build.toolchain: rust`.',
    });
  }
  const rust = await openRustProject(options);
  const checking = checkTasks(rust, checks);
  const testing = testTasks(rust, tests);
  const proofs = [...checking, ...testing].map(({ id }) => id);
  const packaging = packageTasks({ service, platforms: image.platforms, replicaBundle, environment });
  const proven = packaging.map((task) =>
    task.id === 'package/image' ? { ...task, needs: [...task.needs, ...proofs] } : task,
  );
  return [...checking, ...buildTasks(rust, options), ...testing, ...proven];
}
