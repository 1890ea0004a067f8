/** `slipway doctor`: what is wrong or outdated in the CI files of a repository. */

import { openDoctor } from '../../hosts/index.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import type { Terminal } from '../terminal.ts';

export interface DoctorWish {
  readonly paths: readonly string[];
  readonly json: boolean;
}

export async function runDoctor(terminal: Terminal, { paths, json }: DoctorWish): Promise<ExitCode> {
  const { examine, formatFindings } = await openDoctor();
  const examination = examine({ folder: process.cwd(), paths });
  const { files, findings, unreadable } = examination;
  if (json) {
    terminal.print(JSON.stringify(examination, null, 2));
  } else {
    if (findings.length > 0) terminal.print(`${formatFindings(findings, { colour: terminal.colour })}\n`);
    const count = (number: number, one: string): string => (number === 1 ? `1 ${one}` : `${number} ${one}s`);
    for (const { file, reason } of unreadable) terminal.note(`${terminal.style('red', 'error')} ${file} ${reason}`);
    terminal.note(`${count(findings.length, 'finding')} in ${count(files.length, 'file')}`);
  }
  if (unreadable.length > 0) return EXIT.usage;
  return findings.length > 0 ? EXIT.refused : EXIT.ok;
}
