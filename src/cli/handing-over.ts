/** Results of earlier jobs of a CI pipeline into this one, and those of this one on to the next (`SLIPWAY_HANDOVER`). */

import { resolve } from 'node:path';
import { formatSize } from '../kernel/quantity.ts';
import { giveHandover, type HandoverPlace, type PipelineRun, takeHandover } from '../pipeline/index.ts';
import type { RunScene } from './run-tasks.ts';
import { harmless } from './terminal.ts';

/** The folder in which jobs hand over, seen from the project; `undefined` when they don't. */
function placeOf({ system, session }: RunScene): HandoverPlace | undefined {
  const named = system.env['SLIPWAY_HANDOVER'];
  if (named === undefined || named === '') return undefined;
  return { folder: resolve(session.folder, named), cache: session.cache, clock: system.clock };
}

/** What can't be taken is said, and then simply made here. */
export function takeOver(scene: RunScene): void {
  const place = placeOf(scene);
  if (place === undefined) return;
  const { terminal, session } = scene;
  for (const { archive, tasks, problems } of takeHandover({ ...place, project: session.folder })) {
    const results = `${tasks.length} ${tasks.length === 1 ? 'result' : 'results'}`;
    terminal.note(terminal.style('dim', `took ${results} from ${harmless(archive)}`));
    for (const problem of problems) {
      terminal.note(
        `${terminal.style('yellow', 'warning')} ${harmless(archive)}: ${harmless(problem)}; what is missing is made here`,
      );
    }
  }
}

/** Written also when a task has failed: what was proven up to there holds. */
export function handOn(scene: RunScene, name: string, { fingerprints }: PipelineRun): void {
  const place = placeOf(scene);
  if (place === undefined) return;
  const { results, size } = giveHandover(place, { name, fingerprints });
  scene.terminal.note(scene.terminal.style('dim', `handed on ${results} results in ${name}.tar (${formatSize(size)})`));
}
