/** Which environment a command means, when the person did not say it all. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EnvironmentView, readEnvironments } from '../delivery/index.ts';
import type { Journal } from '../journal/index.ts';
import { Fault } from '../kernel/fault.ts';
import { PROJECT_FILE } from '../project/index.ts';
import { findProjectFolder } from './project-folder.ts';

/** The service's name as the file says it, without reading the rest: enough to choose among environments. */
function serviceOf(folder: string): string | undefined {
  return /^service:\s*["']?([a-z0-9-]+)/m.exec(readFileSync(join(folder, PROJECT_FILE), 'utf8'))?.[1];
}

/**
 * The environment that `wish` means (`staging`, or `herald/staging`); without a wish the only one of this folder's
 * service, or the only one that there is.
 *
 * @throws Fault `cli/which-environment` when it is not clear.
 */
export function chooseEnvironment(journal: Journal, wish: string | undefined, from = process.cwd()): EnvironmentView {
  const views = [...readEnvironments(journal).values()].filter((view) => !view.removed);
  const folder = findProjectFolder(from);
  const service = folder === undefined ? undefined : serviceOf(folder);
  const mine = views.filter((view) => service === undefined || view.key.startsWith(`${service}/`));
  const matching = views.filter((view) => view.key === wish || mine.includes(view));
  const found =
    wish === undefined
      ? mine
      : matching.filter((view) => view.key === wish || view.key.slice(view.key.indexOf('/') + 1) === wish);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const known = views.map(({ key }) => key);
  throw new Fault({
    code: 'cli/which-environment',
    kind: 'usage',
    message:
      found.length > 1
        ? 'There is more than one environment that this could mean.'
        : `No environment${wish === undefined ? '' : ` ${wish}`} was found.`,
    hint: known.length === 0 ? 'Run "slipway deploy" first.' : `Name one of ${known.join(', ')}.`,
  });
}
