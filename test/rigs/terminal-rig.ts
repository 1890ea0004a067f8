/** A terminal without colours that keeps what was said, for tests of reports. */

import type { Terminal } from '../../src/cli/terminal.ts';

export interface PlainTerminal extends Terminal {
  /** What was printed to standard output. */
  printed(): string;
  /** What was told on standard error. */
  noted(): string;
}

export function plainTerminal({ attended = false }: { readonly attended?: boolean } = {}): PlainTerminal {
  const [output, error]: [string[], string[]] = [[], []];
  return {
    print: (text) => void output.push(`${text}\n`),
    note: (text) => void error.push(`${text}\n`),
    draw: () => undefined,
    style: (_style, text) => text,
    colour: false,
    live: false,
    attended,
    columns: 120,
    printed: () => output.join(''),
    noted: () => error.join(''),
  };
}
