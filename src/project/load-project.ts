/** The project of a folder: reads the files, and loads the parser only now, since start-up time is a feature. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemCodeOf } from '../kernel/fault.ts';
import { findToolchain } from './found-toolchain.ts';
import type { ParsedRehearsal } from './parse-rehearsal-file.ts';
import type { Problem } from './problem.ts';
import type { Project } from './project.ts';
import { cachedProject, keepProject, projectKey } from './project-cache.ts';
import { projectFault } from './project-fault.ts';

export const PROJECT_FILE = 'slipway.yaml';

export interface LoadProjectOptions {
  readonly folder: string;
  /** Where projects without problems are kept, so that the next start does not parse at all. */
  readonly cache?: string;
}

export interface LoadedProject {
  /** `null` when anything is wrong. */
  readonly project: Project | null;
  readonly problems: readonly Problem[];
  readonly text: string;
}

/** @throws Fault `project/no-file` when the folder has no `slipway.yaml`. */
export async function loadProject({ folder, cache }: LoadProjectOptions): Promise<LoadedProject> {
  const text = readProjectText(folder);
  const found = findToolchain(folder);
  const key = cache === undefined ? null : projectKey(text, found);
  if (cache !== undefined && key !== null) {
    const project = cachedProject(cache, key);
    if (project !== null) return { project, problems: [], text };
  }
  const { parseProject } = await import('./parse-project.ts');
  const { project, problems } = parseProject(text, PROJECT_FILE, found);
  if (cache !== undefined && key !== null && project !== null) keepProject(cache, key, project);
  return { project, problems, text };
}

/** A rehearsal file, parsed; `file` names it in the problems. */
export async function parseRehearsal(text: string, file: string): Promise<ParsedRehearsal> {
  const { parseRehearsalFile } = await import('./parse-rehearsal-file.ts');
  return parseRehearsalFile(text, file);
}

export function readProjectText(folder: string): string {
  try {
    return readFileSync(join(folder, PROJECT_FILE), 'utf8');
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw error;
    const other = existsSync(join(folder, 'slipway.yml')) ? ' There is a slipway.yml: rename it.' : '';
    throw projectFault({
      code: 'project/no-file',
      message: `There is no ${PROJECT_FILE} in ${folder}.${other}`,
      hint: 'Run `slipway init` in the folder of the project, or name the folder with `--project`.',
      cause: error,
    });
  }
}
