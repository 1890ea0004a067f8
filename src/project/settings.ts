/** Every value of a project, flat, with where it comes from. */

import type { FoundToolchain } from './found-toolchain.ts';
import type { Path } from './problem.ts';
import type { Project } from './project.ts';
import { isContainer, memberAt } from './validate.ts';
import { type Written, writeProject } from './write-project.ts';
import type { YamlSource } from './yaml-source.ts';

export type Origin =
  | { readonly kind: 'file'; readonly line: number }
  | { readonly kind: 'default' }
  | { readonly kind: 'preset'; readonly preset: string }
  | { readonly kind: 'found'; readonly file: string };

export interface Setting {
  readonly path: readonly string[];
  /** In the notation of the file; `null`: none. */
  readonly value: Written;
  readonly origin: Origin;
}

export interface SettingsInput {
  readonly project: Project;
  readonly source: YamlSource;
  readonly found: FoundToolchain | null;
}

/** In the order of the contract. A list is one value; an empty map too. */
export function settingsOf({ project, source, found }: SettingsInput): readonly Setting[] {
  return leavesOf(writeProject(project), []).map(({ path, value }) => ({
    path,
    value,
    origin: originOf({ path, value }, { project, source, found }),
  }));
}

interface Leaf {
  readonly path: readonly string[];
  readonly value: Written;
}

function leavesOf(value: Written, path: readonly string[]): readonly Leaf[] {
  const isBranch =
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
  if (!isBranch) return [{ path, value }];
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...path, key]));
}

function originOf({ path, value }: Leaf, { project, source, found }: SettingsInput): Origin {
  const line = lineOf({ path, value }, source);
  if (line !== null) return { kind: 'file', line };
  const [top, second, third] = path;
  if (top === 'build' && second === 'toolchain' && found !== null) return { kind: 'found', file: found.file };
  if (
    top === 'environments' &&
    third === 'from' &&
    project.branches !== null &&
    isContainer(value) &&
    Object.keys(value).length > 0
  ) {
    return { kind: 'preset', preset: project.branches };
  }
  return { kind: 'default' };
}

/** Where a value is written: at its own path, or as the shorthand of a map around it (`image: REPOSITORY`). */
function lineOf({ path, value }: Leaf, source: YamlSource): number | null {
  for (let length = path.length; length > 0; length -= 1) {
    const around: Path = path.slice(0, length);
    const written = memberAt(source.value, around);
    if (written === undefined) continue;
    const isShorthand = length < path.length && !isContainer(written);
    if (length === path.length || (isShorthand && written === value)) return source.lineOf(around);
    return null;
  }
  return null;
}
