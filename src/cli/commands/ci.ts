/** `slipway ci generate HOST | update`: the files that make a CI system run this pipeline. */

import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { diff } from 'node:util';
import {
  GENERATED,
  type HostName,
  LOCK_FILE,
  lockText,
  openGenerator,
  type Pins,
  planJobs,
  readPins,
  updatePins,
} from '../../hosts/index.ts';
import { Fault } from '../../kernel/fault.ts';
import { readIfThere, writeFileAtomic } from '../../kernel/workspace.ts';
import type { System } from '../../system.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { requireProject, requireProjectFolder } from '../pipeline-session.ts';
import type { Terminal } from '../terminal.ts';

export interface GenerateOptions {
  readonly host: HostName;
  /** Write nothing; say what would change. */
  readonly check: boolean;
  readonly stdout: boolean;
  /** Also over a file that was not generated. */
  readonly force: boolean;
}

export async function runGenerate(system: System, terminal: Terminal, options: GenerateOptions): Promise<ExitCode> {
  const folder = requireProjectFolder();
  const project = await requireProject(folder, terminal);
  const { file, generate } = await openGenerator(options.host);
  const pins = await readPins(readIfThere(join(folder, LOCK_FILE)));
  const { text, notes } = generate(planJobs({ project, version: system.version }), pins);
  if (options.stdout) {
    terminal.print(text.trimEnd());
    return EXIT.ok;
  }
  requireTop(folder);
  const before = readIfThere(join(folder, file));
  if (options.check) return tellDifference({ file, before: before ?? '', after: text }, terminal);
  if (before !== undefined && !options.force) requireOurs(before, file);
  writeText(join(folder, file), text);
  terminal.print(before === text ? `${file} is as it should be` : `wrote ${file}`);
  if (options.host === 'github') await keepLock(folder, pins, terminal);
  terminal.print(['What a person must do or know:', ...notes.map((note) => `  - ${note}`)].join('\n'));
  return EXIT.ok;
}

/** Looks for newer versions of the actions and writes the lock file anew. */
export async function runUpdate(system: System, terminal: Terminal, signal: AbortSignal): Promise<ExitCode> {
  const folder = requireProjectFolder();
  const pins = await readPins(readIfThere(join(folder, LOCK_FILE)));
  const updates = await updatePins({ pins, base: 'https://github.com/', environment: system.env, signal });
  for (const { action, before, after, moved } of updates) {
    if (moved) terminal.note(`${action} ${before.version} names another commit now: the old one is kept, look at why`);
    else if (before.commit !== after.commit) terminal.print(`${action} ${before.version} -> ${after.version}`);
  }
  await keepLock(folder, Object.fromEntries(updates.map(({ action, after }) => [action, after])), terminal);
  terminal.print('"slipway ci generate github" takes it over');
  return updates.some(({ moved }) => moved) ? EXIT.refused : EXIT.ok;
}

async function keepLock(folder: string, pins: Pins, terminal: Terminal): Promise<void> {
  const path = join(folder, LOCK_FILE);
  const text = await lockText(pins);
  if (readIfThere(path) === text) return;
  writeText(path, text);
  terminal.print(`wrote ${LOCK_FILE}`);
}

function writeText(path: string, text: string): void {
  if (readIfThere(path) === text) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileAtomic(path, text);
}

interface Difference {
  readonly file: string;
  readonly before: string;
  readonly after: string;
}

function tellDifference({ file, before, after }: Difference, terminal: Terminal): ExitCode {
  if (before === after) {
    terminal.print(`${file} is as it should be`);
    return EXIT.ok;
  }
  const lines = diff(before.split('\n'), after.split('\n')).flatMap(([operation, line]) => {
    // What the library calls inserted is what only the first text has.
    if (operation === 0) return [];
    return operation === 1 ? [terminal.style('red', `-${line}`)] : [terminal.style('green', `+${line}`)];
  });
  terminal.print(
    [...(before === '' ? [] : [`--- ${file}`]), `+++ what "slipway ci generate" writes`, ...lines].join('\n'),
  );
  terminal.note(before === '' ? `${file} is not there` : `${file} is not what would be generated`);
  return EXIT.refused;
}

/** A CI system reads its file at the top of the repository, and starts its jobs there. */
function requireTop(folder: string): void {
  if (existsSync(join(folder, '.git'))) return;
  throw new Fault({
    code: 'cli/not-at-top',
    kind: 'refused',
    message: `${folder} is not the top of a git repository, where CI systems look for their files and start their jobs.`,
    hint: 'Move the project to the top, or take the text from --stdout as a beginning.',
  });
}

function requireOurs(text: string, file: string): void {
  const [first = ''] = text.split('\n', 1);
  if (first.includes(GENERATED)) return;
  throw new Fault({
    code: 'cli/not-generated',
    kind: 'refused',
    message: `${file} is there and was not generated, or was made somebody's own.`,
    hint: 'Give --force to write over it, or --stdout to compare.',
  });
}
