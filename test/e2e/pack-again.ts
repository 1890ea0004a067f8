/** Packs a component without any cache and prints the digest of the image: `node pack-again.ts APP.WASM FOLDER`. */

import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { IMAGE_PLATFORMS } from '../../src/oci/index.ts';
import type { PackagedImage } from '../../src/stages/package-image.ts';
import { packageTasks } from '../../src/stages/package.ts';
import { componentTask } from '../rigs/component-task.ts';
import { createTaskRig } from '../rigs/task-rig.ts';

const [component = '', folder = ''] = process.argv.slice(2);
mkdirSync(folder);
const rig = createTaskRig(folder, folder, {});
const tasks = packageTasks({
  service: 'herald',
  platforms: IMAGE_PLATFORMS,
  replicaBundle: join(import.meta.dirname, '..', '..', 'dist', 'replica.js'),
  environment: process.env,
});
for (const task of [componentTask(readFileSync(component)), ...tasks]) {
  const outcome = await rig.perform(task);
  if (outcome.kind === 'failed') throw new Error(outcome.summary);
  if (task.id === 'package/image') process.stdout.write((outcome.value as PackagedImage).index);
}
