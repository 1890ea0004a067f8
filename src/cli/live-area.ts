/** The last lines of the screen, drawn again and again in their place; without a terminal nothing is ever erased. */

import type { Terminal } from './terminal.ts';

export interface LiveArea {
  /** Puts these lines in the place of those drawn before. None may be longer than the screen is wide. */
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
      drawn = terminal.live ? lines.length : 0;
    },
    erase,
  };
}
