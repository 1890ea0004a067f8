/**
 * The terminal inside of a job of a CI system: its log. Everything that is written here goes through the host's `quote`, so
 * that whatever a compiler, a test or a service has said is text there and never a command; only `say` speaks to the host.
 */

import type { HostBridge, HostWord } from '../hosts/index.ts';
import { createRedactor, secretForms } from '../kernel/secret.ts';
import { createTerminal, type Terminal } from './terminal.ts';

/** The host in whose log we write. */
export interface HostLog {
  readonly bridge: HostBridge;
  say(word: HostWord): void;
  /** From now on these values are shown nowhere: not here, and where the host can be told, not by other steps either. */
  hide(values: readonly string[]): void;
  redact(text: string): string;
}

export function createHostTerminal(env: Readonly<Record<string, string | undefined>>, bridge: HostBridge): Terminal {
  const plain = createTerminal(bridge.colour ? { ...env, FORCE_COLOR: '1' } : env);
  let hidden: readonly string[] = [];
  let redact = (text: string): string => text;
  const shown = (text: string): string => bridge.quote(redact(text));
  const say = (word: HostWord): void => {
    const line = bridge.say(word);
    if (line !== null) plain.note(line);
  };
  const host: HostLog = {
    bridge,
    say,
    hide(values) {
      hidden = [...new Set([...hidden, ...values])];
      redact = createRedactor(hidden);
      for (const value of secretForms(values)) say({ kind: 'mask', value });
    },
    redact: (text) => redact(text),
  };
  return {
    print: (text) => plain.print(shown(text)),
    note: (text) => plain.note(shown(text)),
    // Nothing is redrawn in a log.
    draw: () => undefined,
    style: (style, text) => plain.style(style, text),
    colour: plain.colour,
    live: false,
    attended: false,
    columns: plain.columns,
    host,
  };
}
