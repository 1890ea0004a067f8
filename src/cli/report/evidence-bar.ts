/** How strong evidence is, for people. */

import type { Terminal } from '../terminal.ts';

/** How far the evidence is on its way to a decision, on a logarithmic scale: e = 1 is nothing, the bar is proof. */
export function evidenceBar(
  label: string,
  { e, bar, width = 24 }: { readonly e: number; readonly bar: number; readonly width?: number },
  terminal: Terminal,
): string {
  const share = Math.min(1, Math.max(0, Math.log(Math.max(e, 1)) / Math.log(bar)));
  const cells = Math.floor(share * width);
  const full = share >= 1;
  const drawn =
    terminal.style(full ? 'bold' : 'cyan', '■'.repeat(cells)) + terminal.style('dim', '·'.repeat(width - cells));
  return `${label} ${drawn} e = ${formatEvidence(e)} of ${formatEvidence(bar)}${full ? ' proven' : ''}`;
}

export function formatEvidence(e: number): string {
  if (e >= 1e6) return e.toExponential(1);
  // Down, as in the sentences of the judge: less than was proven is never too much.
  return e >= 100 ? String(Math.floor(e)) : String(Number(e.toPrecision(3)));
}
