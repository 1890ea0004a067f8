/** The image of `examples/herald`, made by the pipeline. What was made before comes from the cache of the checkout. */

import { execFileSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { createCache, planPipeline, runPipeline } from '../../src/pipeline/index.ts';
import { loadProject } from '../../src/project/index.ts';
import { createTasks, openSystem, type Environment } from '../../src/system.ts';

const CHECKOUT = join(import.meta.dirname, '..', '..');
const HERALD = join(CHECKOUT, 'examples', 'herald');

export interface HeraldOptions {
  /** The project is copied here first: a folder that is not there yet. */
  readonly project: string;
  readonly home: string;
  readonly cache?: string;
  readonly environment?: Environment;
}

export interface HeraldImage {
  /** The output of `package/image`: an OCI layout. */
  readonly layout: string;
  /** The output of `build/component`: it holds `app.wasm`. */
  readonly component: string;
}

/** Runs the stage `package` and all that it needs. */
export async function buildHeraldImage(options: HeraldOptions): Promise<HeraldImage> {
  const { project: folder, home, cache = join(CHECKOUT, '.slipway', 'cache'), environment = process.env } = options;
  cpSync(HERALD, folder, { recursive: true, filter: (path) => path !== join(HERALD, 'target') });
  // The bundle of the replica host; done at once when it is there already.
  execFileSync(process.execPath, ['build.ts'], { cwd: CHECKOUT });
  const system = openSystem({ ...environment, SLIPWAY_HOME: home, SLIPWAY_CACHE: cache });
  const { project, problems } = await loadProject({ folder });
  if (project === null) throw new Error(`herald has no project file: ${JSON.stringify(problems)}`);
  const tasks = await createTasks(system, { project, folder });
  const run = await runPipeline({
    plan: planPipeline(tasks, { stages: ['package'] }),
    cache: createCache({ folder: system.cache, clock: system.clock }),
    project: folder,
    environment: system.env,
    clock: system.clock,
    logs: join(home, 'logs'),
  });
  if (run.outcome !== 'passed') throw new Error(JSON.stringify(run.results, null, 2));
  return { layout: run.openResult('package/image').output, component: run.openResult('build/component').output };
}
