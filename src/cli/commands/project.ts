/** `slipway init | config | schema`: the project file. */

import { join } from 'node:path';
import { Fault } from '../../kernel/fault.ts';
import { writeFileAtomic } from '../../kernel/workspace.ts';
import { describeConfig, PROJECT_FILE, projectJsonSchema, smallestProjectFile } from '../../project/index.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { requireProject, requireProjectFolder } from '../pipeline-session.ts';
import type { Terminal } from '../terminal.ts';

export async function runInit(terminal: Terminal, yes: boolean): Promise<ExitCode> {
  const folder = process.cwd();
  const { text } = await smallestProjectFile(folder);
  if (!yes) {
    if (!process.stdin.isTTY) {
      throw new Fault({
        code: 'cli/not-interactive',
        kind: 'usage',
        message: 'There is nobody to ask.',
        hint: 'Give --yes to write the smallest file.',
      });
    }
    const { confirm, isCancel } = await import('@clack/prompts');
    const answer = await confirm({ message: `Write ${PROJECT_FILE}?\n${text}` });
    if (isCancel(answer) || !answer) return EXIT.refused;
  }
  writeFileAtomic(join(folder, PROJECT_FILE), text);
  terminal.print(`wrote ${PROJECT_FILE}; "slipway run" runs the pipeline, "slipway deploy" brings it up here`);
  return EXIT.ok;
}

export async function runConfig(terminal: Terminal, json: boolean): Promise<ExitCode> {
  const folder = requireProjectFolder();
  await requireProject(folder, terminal);
  const { settings, yaml } = await describeConfig(folder);
  terminal.print(json ? JSON.stringify(settings) : yaml.trimEnd());
  return EXIT.ok;
}

export async function runSchema(terminal: Terminal): Promise<ExitCode> {
  terminal.print(JSON.stringify(await projectJsonSchema(), null, 2));
  return EXIT.ok;
}
