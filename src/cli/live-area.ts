/** The last lines of the screen, drawn again and again in their place; without a terminal nothing is ever erased. */

import { type Terminal, widthOf } from './terminal.ts';

export interface LiveArea {
  /** Puts these lines in the place of those drawn before. */
  draw(lines: readonly string[]): void;
  /** Takes them away, so that a line can be said that stays. */
  erase(): void;
}

export function createLiveArea(terminal: Terminal): LiveArea {
  let drawn = 0;
  const erase = (): void => {
    if (drawn > 0) terminal.draw(`\u001b[${drawn}F\u001b[J`);
    drawn = 0;
  };
  return {
    draw(lines) {
      erase();
      if (lines.length > 0) terminal.draw(`${lines.join('\n')}\n`);
      // The terminal breaks a line that is wider than it is, so it takes more than one row to go back over.
      const rows = lines.map((line) => Math.max(1, Math.ceil(widthOf(line) / terminal.columns)));
      drawn = terminal.live ? rows.reduce((sum, count) => sum + count, 0) : 0;
    },
    erase,
  };
}
