/** Everything that a task's result depends on, by name, and the digest of all that. */

import { canonicalJson, type Digest, digestOfJson, type Json, sha256 } from '../kernel/digest.ts';
import type { FileState } from './project-files.ts';
import type { Fingerprint, TaskDefinition, ToolIdentity } from './task.ts';

/** Raised when what a fingerprint or a kept result means changes: then nothing that was kept is found any more. */
const ENGINE = 1;

/**
 * What a fingerprint is made of. Values of environment variables and settings are here only by digest, so that
 * nothing secret is stored. Durations, titles and slots are not here: they change no result.
 */
export type Ingredients = {
  readonly engine: number;
  /** Operating system and processor. */
  readonly machine: string;
  readonly task: string;
  readonly files: Readonly<Record<string, FileState>>;
  /** `null`: not set, which is not the same as empty. */
  readonly environment: Readonly<Record<string, Digest | null>>;
  readonly tools: Readonly<Record<string, string>>;
  /** By key of the settings object; the key is empty when the settings are no object. */
  readonly settings: Readonly<Record<string, Digest>>;
  /** What each needed task produced, not what made it: an equal output changes nothing further down. */
  readonly needs: Readonly<Record<string, Digest>>;
};

export interface IngredientSources {
  readonly task: TaskDefinition;
  readonly files: Readonly<Record<string, FileState>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The content digest of the result of every task in `needs`. */
  readonly needs: Readonly<Record<string, Digest>>;
}

export function ingredientsOf({ task, files, environment, needs }: IngredientSources): Ingredients {
  const { fingerprint } = task;
  return {
    engine: ENGINE,
    machine: `${process.platform} ${process.arch}`,
    task: task.id,
    files,
    environment: Object.fromEntries(
      fingerprint.environment.map((name) => {
        const value = environment[name];
        return [name, value === undefined ? null : sha256(value)];
      }),
    ),
    tools: identitiesByName(fingerprint.tools),
    settings: settingsByKey(fingerprint.settings),
    needs,
  };
}

/** The fingerprint is the sha256 of `text`, so the ingredients can be kept as an object named by it. */
export function fingerprintOf(ingredients: Ingredients): { readonly fingerprint: Fingerprint; readonly text: string } {
  const text = canonicalJson(ingredients);
  return { fingerprint: sha256(text), text };
}

function identitiesByName(tools: readonly ToolIdentity[]): Record<string, string> {
  const names = [...new Set(tools.map(({ name }) => name))];
  return Object.fromEntries(
    names.map((name) => [name, tools.flatMap((tool) => (tool.name === name ? [tool.identity] : [])).join('\n')]),
  );
}

function settingsByKey(settings: Json): Record<string, Digest> {
  if (settings === null || typeof settings !== 'object' || Array.isArray(settings))
    return { '': digestOfJson(settings) };
  return Object.fromEntries(
    Object.entries(settings).flatMap(([key, value]) => (value === undefined ? [] : [[key, digestOfJson(value)]])),
  );
}
