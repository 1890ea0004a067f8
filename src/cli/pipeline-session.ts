/** What `plan`, `run` and `deploy` share: the project, the revision, the tasks, the cache. */

import type { Cache, TaskDefinition } from '../pipeline/index.ts';
import { PROJECT_FILE, type Project, type Revision } from '../project/index.ts';
import { Fault } from '../kernel/fault.ts';
import { createTasks, definedOnly, type System } from '../system.ts';
import { findProjectFolder } from './project-folder.ts';
import { secretsHere } from './project-secrets.ts';
import type { Terminal } from './terminal.ts';

export interface PipelineSession {
  readonly folder: string;
  readonly project: Project;
  readonly revision: Revision;
  readonly tasks: readonly TaskDefinition[];
  readonly cache: Cache;
}

export interface SessionOptions {
  readonly ref?: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * Reads project file and revision and collects the tasks.
 *
 * @throws Fault `config/invalid` when the project file has problems; they have been printed.
 */
export async function openSession(
  system: System,
  terminal: Terminal,
  { ref, signal }: SessionOptions,
): Promise<PipelineSession> {
  const folder = requireProjectFolder();
  const { createCache } = await import('../pipeline/index.ts');
  const { readRevision } = await import('../project/index.ts');
  // git works while the rest is read.
  const asked = readRevision({
    folder,
    environment: definedOnly(system.env),
    signal,
    ...(ref === undefined ? {} : { ref }),
  });
  asked.catch(() => undefined);
  const project = await requireProject(folder, terminal, system.cache);
  terminal.host?.hide(secretsHere(system, project, folder));
  const tasks = await createTasks(system, { project, folder });
  const revision = await asked;
  return { folder, project, revision, tasks, cache: createCache({ folder: system.cache, clock: system.clock }) };
}

export function requireProjectFolder(from = process.cwd()): string {
  const folder = findProjectFolder(from);
  if (folder !== undefined) return folder;
  throw new Fault({
    code: 'config/no-project',
    kind: 'usage',
    message: `There is no ${PROJECT_FILE} here or above.`,
    hint: 'Run "slipway init --yes" in a Cargo project.',
  });
}

/** The project; its problems are printed like a compiler's before the fault that ends the command. */
export async function requireProject(folder: string, terminal: Terminal, cache?: string): Promise<Project> {
  const { formatProblems, loadProject } = await import('../project/index.ts');
  const { project, problems } = await loadProject({ folder, ...(cache === undefined ? {} : { cache }) });
  if (project !== null && problems.length === 0) return project;
  terminal.note(formatProblems(problems, { color: terminal.colour }));
  throw new Fault({
    code: 'config/invalid',
    kind: 'usage',
    message: `${PROJECT_FILE} has ${problems.length} problem${problems.length === 1 ? '' : 's'}.`,
    hint: 'Each is shown above with its place.',
  });
}
