import { expect, test } from 'vitest';
import { plainTerminal } from '../../test/rigs/terminal-rig.ts';
import { createLiveArea } from './live-area.ts';

test('a line that the terminal breaks is taken away whole, whatever colours it has', () => {
  const drawn: string[] = [];
  const terminal = { ...plainTerminal(), live: true, columns: 10, draw: (text: string) => void drawn.push(text) };
  const area = createLiveArea(terminal);
  area.draw(['short', `\u001B[2m${'x'.repeat(21)}\u001B[22m`, '']);
  area.erase();
  expect(drawn.at(-1)).toBe('\u001B[5F\u001B[J');
});
