/** Exit codes (design.md section 5), and how what was thrown is told. */

import type { CommandAnswer } from '../delivery/index.ts';
import { Fault } from '../kernel/fault.ts';
import type { Terminal } from './terminal.ts';

export const EXIT = { ok: 0, refused: 1, usage: 2, unreachable: 3, waiting: 4, bug: 70, interrupted: 130 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Tells that the agent has refused, and returns the exit code for it. */
export function tellRefusal({ answer, refusal }: CommandAnswer, terminal: Terminal): ExitCode {
  terminal.note(`${terminal.style('red', 'refused')} ${terminal.style('dim', refusal?.code ?? '')} ${answer}`);
  if (refusal !== null) terminal.note(`  ${terminal.style('cyan', 'hint')} ${refusal.hint}`);
  return EXIT.refused;
}

/** Tells what was thrown and returns the exit code for it. */
export function tellFailure(error: unknown, terminal: Terminal): ExitCode {
  if (error instanceof Fault) {
    terminal.note(`${terminal.style('red', 'error')} ${terminal.style('dim', error.code)} ${error.message}`);
    terminal.note(`  ${terminal.style('cyan', 'hint')} ${error.hint}`);
    const message = `${error.message}\n${error.hint}`;
    terminal.host?.say({ kind: 'error', title: error.code, message: terminal.host.redact(message) });
    return error.kind === 'refused' ? EXIT.refused : error.kind === 'usage' ? EXIT.usage : EXIT.unreachable;
  }
  if (error instanceof Error && error.name === 'AbortError') return EXIT.interrupted;
  terminal.note(terminal.style('red', 'This is a bug in Slipway. Please report it with the text below.'));
  terminal.note(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return EXIT.bug;
}
