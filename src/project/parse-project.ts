/** `slipway.yaml` from text to project, or to everything that is wrong with it. Loads zod and yaml: import it lazily. */

import { findNotYet } from './find-not-yet.ts';
import type { FoundToolchain } from './found-toolchain.ts';
import { PROJECT_NOT_YET } from './not-yet.ts';
import { placeAll } from './place-all.ts';
import type { Problem, ProblemDraft } from './problem.ts';
import type { Project, Toolchain } from './project.ts';
import { checkProject, TARGETS_OF } from './project-checks.ts';
import { projectSchema } from './project-schema.ts';
import { resolveProject } from './resolve-project.ts';
import { validate } from './validate.ts';
import { readYaml, type YamlSource } from './yaml-source.ts';

export interface ParsedProject {
  /** Present only when nothing is wrong. */
  readonly project: Project | null;
  /** In the order of the text. */
  readonly problems: readonly Problem[];
  /** As much of the project as could be made sense of, for those who show it; never to be acted upon. */
  readonly draft: Project | null;
  readonly source: YamlSource;
}

export function parseProject(text: string, file: string, found: FoundToolchain | null): ParsedProject {
  const source = readYaml(text, file);
  const { output, drafts } = validate(projectSchema, source.value, { service: 'unnamed' });
  const toolchain = output?.build.toolchain ?? found?.toolchain ?? null;
  const problems = placeAll(source, [
    ...drafts,
    ...(output === null ? [] : checkProject(source, output, toolchain)),
    ...checkToolchain(output?.build.toolchain, found, drafts),
    ...findNotYet(source.value, PROJECT_NOT_YET),
  ]);
  const draft = output === null ? null : resolveProject(output, toolchain ?? 'rust');
  return { project: problems.length === 0 ? draft : null, problems, draft, source };
}

/** A toolchain must be written or found; one that is found may be one that is not there yet. */
function checkToolchain(
  written: Toolchain | undefined,
  found: FoundToolchain | null,
  others: readonly ProblemDraft[],
): readonly ProblemDraft[] {
  const isWrong = others.some(({ path }) => path[0] === 'build' && (path.length === 1 || path[1] === 'toolchain'));
  if (written !== undefined || isWrong) return [];
  const at = { path: ['build', 'toolchain'], at: 'key' } as const;
  if (found === null) {
    const message = 'no toolchain: the folder has no Cargo.toml and `build.toolchain` is not written';
    return [
      { ...at, code: 'config/missing-key', message, hint: `Write one of ${Object.keys(TARGETS_OF).join(', ')}.` },
    ];
  }
  const [entry] = findNotYet({ build: { toolchain: found.toolchain } }, PROJECT_NOT_YET);
  if (entry === undefined) return [];
  return [{ ...at, code: 'config/not-yet', message: `${entry.message} (found ${found.file})`, hint: entry.hint }];
}
