/** What Cargo says while it works: messages on standard output (one JSON object a line), a progress bar and text on the other. */

import { z } from 'zod';

const target = z.object({ name: z.string(), kind: z.array(z.string()) });

const message = z.union([
  z.object({
    reason: z.literal('compiler-artifact'),
    target,
    filenames: z.array(z.string()),
    executable: z.string().nullish(),
  }),
  z.object({
    reason: z.literal('compiler-message'),
    target,
    message: z.object({
      message: z.string(),
      level: z.string(),
      code: z.object({ code: z.string() }).nullish(),
      rendered: z.string().nullish(),
    }),
  }),
]);

export interface Artifact {
  readonly target: { readonly name: string; readonly kind: readonly string[] };
  readonly files: readonly string[];
}

export interface Diagnostic {
  readonly level: 'error' | 'warning';
  /** `E0308`, `clippy::needless_return`, `unused_variables`; `undefined` for messages without one. */
  readonly code: string | undefined;
  readonly message: string;
  /** As the compiler would print it. */
  readonly rendered: string;
}

export interface CargoListener {
  log(piece: string): void;
  /** `12/45 crates` */
  progress(text: string): void;
}

export interface CargoReader {
  /** Feed for `runCommand`. */
  readonly onOutput: (piece: string, stream: 'stdout' | 'stderr') => void;
  /** Everything that came so far; a diagnostic that is given for several targets counts once. */
  read(): {
    readonly artifacts: readonly Artifact[];
    readonly diagnostics: readonly Diagnostic[];
    readonly text: string;
  };
}

export function createCargoReader(listener: CargoListener): CargoReader {
  const artifacts: Artifact[] = [];
  const diagnostics = new Map<string, Diagnostic>();
  let text = '';
  const takeMessage = (line: string) => {
    const parsed = parseMessage(line);
    if (parsed === undefined) {
      // Not for us: what a build script or a test printed.
      if (!line.startsWith('{"reason":')) listener.log(`${line}\n`);
    } else if (parsed.reason === 'compiler-artifact') {
      artifacts.push({ target: parsed.target, files: parsed.filenames });
    } else {
      const { level, code, message: what, rendered } = parsed.message;
      if (rendered) listener.log(rendered);
      // Summaries such as "aborting due to 2 previous errors" carry neither a place nor a code.
      if ((level !== 'error' && level !== 'warning') || /^(aborting due to|\d+ warnings? emitted)/.test(what)) return;
      const diagnostic = { level, code: code?.code, message: what, rendered: rendered ?? what } as const;
      diagnostics.set(diagnostic.rendered, diagnostic);
    }
  };
  const takeText = (line: string) => {
    const crates = /^\s*(?:Building|Checking) \[[=> ]*\] (\d+\/\d+)/.exec(line)?.[1];
    if (crates !== undefined) listener.progress(`${crates} crates`);
    else if (line.trim() !== '') {
      text += `${line}\n`;
      listener.log(`${line}\n`);
    }
  };
  const lines = { stdout: createLineSplitter(takeMessage, /\n/), stderr: createLineSplitter(takeText, /[\r\n]/) };
  return {
    onOutput: (piece, stream) => lines[stream].push(piece),
    read() {
      lines.stdout.end();
      lines.stderr.end();
      return { artifacts, diagnostics: [...diagnostics.values()], text };
    },
  };
}

function parseMessage(line: string): z.infer<typeof message> | undefined {
  try {
    return message.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

export interface LineSplitter {
  push(piece: string): void;
  /** Hands out what is left without an end of line. */
  end(): void;
}

export function createLineSplitter(take: (line: string) => void, separator = /\r?\n/): LineSplitter {
  let rest = '';
  return {
    push(piece) {
      const lines = (rest + piece).split(separator);
      rest = lines.pop() ?? '';
      for (const line of lines) take(line);
    },
    end() {
      if (rest !== '') take(rest);
      rest = '';
    },
  };
}
