/** The scenario files of this folder, parsed. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Rehearsal } from '../../src/delivery/index.ts';
import { formatProblems, parseRehearsal } from '../../src/project/index.ts';

export interface Scenario {
  /** `c01-abort-then-retry.yaml`: the row of facts/rollouts.md section 5, or what it is about, comes first. */
  readonly file: string;
  readonly rehearsal: Rehearsal;
}

const FOLDER = import.meta.dirname;

/** @throws Error with every problem of the file. */
export async function readScenario(file: string): Promise<Rehearsal> {
  const { rehearsal, problems } = await parseRehearsal(readFileSync(join(FOLDER, file), 'utf8'), file);
  if (rehearsal === null) throw new Error(formatProblems(problems, { color: false }));
  return rehearsal;
}

/** All of them, by name. */
export async function readScenarios(): Promise<readonly Scenario[]> {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));
  return Promise.all(files.sort().map(async (file) => ({ file, rehearsal: await readScenario(file) })));
}
