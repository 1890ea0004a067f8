/** The one door to the terminal: lines out, colours where they are wanted. */

import { isatty } from 'node:tty';
import { stripVTControlCharacters, styleText } from 'node:util';
import { directOutput } from './direct-output.ts';
import type { HostLog } from './host-terminal.ts';

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan' | 'magenta';

export interface Terminal {
  /** A line (or several) to standard output: what was asked for. */
  print(text: string): void;
  /** A line to standard error: progress, warnings, errors. */
  note(text: string): void;
  /** Raw text to standard error, for the live display. */
  draw(text: string): void;
  style(style: Style, text: string): string;
  /** Whether what is written with `print` and `note` may be coloured. */
  readonly colour: boolean;
  /** Whether standard error is a terminal that can be redrawn. */
  readonly live: boolean;
  /** Whether a person sits there who can be waited for: not in CI, nor where nobody reads. */
  readonly attended: boolean;
  readonly columns: number;
  /** The CI system in whose log this is; absent outside of its jobs. */
  readonly host?: HostLog;
}

export function createTerminal(env: Readonly<Record<string, string | undefined>>): Terminal {
  const colour = env['NO_COLOR'] === undefined && (isatty(1) || Boolean(env['FORCE_COLOR']));
  const [output, error] = [directOutput(1), directOutput(2)];
  const attended = isatty(2) && !inCi(env);
  return {
    print: (text) => output(`${text}\n`),
    note: (text) => error(`${text}\n`),
    draw: error,
    style: (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text),
    colour,
    live: attended && env['TERM'] !== 'dumb',
    attended,
    get columns() {
      return process.stderr.columns || 100;
    },
  };
}

/** Whether we run for a CI system, all of which say so by `CI`. */
export function inCi(env: Readonly<Record<string, string | undefined>>): boolean {
  return env['CI'] !== undefined && env['CI'] !== '' && env['CI'] !== 'false';
}

/** How wide a text is on the screen, as far as one column per code point goes. */
export function widthOf(text: string): number {
  return Array.from(stripVTControlCharacters(text)).length;
}

function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** Control characters of foreign text made visible, so that it can't move the cursor or hide anything. */
export function harmless(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

/** Rows of equal-width columns, two spaces apart; the last column is left as it is. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, widthOf(cell));
    });
  }
  return rows
    .map((row) =>
      row.map((cell, column) => (column === row.length - 1 ? cell : padEnd(cell, widths[column] ?? 0))).join('  '),
    )
    .map((line) => line.trimEnd())
    .join('\n');
}
