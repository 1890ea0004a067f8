/** What Cargo says while it works: messages on standard output (one JSON object a line), a progress bar and text on the other. */

import { table, tables, text as textOf, texts, type Table } from './loose-value.ts';

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
  /** Where it points to; paths as the compiler names them, relative to Cargo's folder when it is a file of the project. */
  readonly place: DiagnosticPlace | undefined;
}

export interface DiagnosticPlace {
  readonly file: string;
  /** From 1, as are columns. */
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
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
    const parsed = parseObject(line);
    switch (parsed?.['reason']) {
      case 'compiler-artifact': {
        const target = table(parsed['target']);
        const names = { name: textOf(target['name']) ?? '', kind: texts(target['kind']) };
        artifacts.push({ target: names, files: texts(parsed['filenames']) });
        return;
      }
      case 'compiler-message': {
        const diagnostic = readDiagnostic(table(parsed['message']));
        if (diagnostic === undefined) return;
        listener.log(diagnostic.rendered);
        // Summaries such as "aborting due to 2 previous errors" carry neither a place nor a code.
        if (/^(aborting due to|\d+ warnings? emitted)/.test(diagnostic.message)) return;
        diagnostics.set(diagnostic.rendered, diagnostic);
        return;
      }
      case undefined: // Not for us: what a build script or a test printed.
        listener.log(`${line}\n`);
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

function readDiagnostic(message: Table): Diagnostic | undefined {
  const level = message['level'];
  if (level !== 'error' && level !== 'warning') return undefined;
  const what = textOf(message['message']) ?? '';
  const code = textOf(table(message['code'])['code']);
  const primary = tables(message['spans']).find((span) => span['is_primary'] === true);
  return { level, code, message: what, rendered: textOf(message['rendered']) ?? what, place: readPlace(primary) };
}

function readPlace(span: Table | undefined): DiagnosticPlace | undefined {
  const file = textOf(span?.['file_name']);
  const [line, column, endLine, endColumn] = ['line_start', 'column_start', 'line_end', 'column_end'].map((name) =>
    Number(span?.[name]),
  );
  if (file === undefined || !line || !column || !endLine || !endColumn) return undefined;
  return { file, line, column, endLine, endColumn };
}

function parseObject(line: string): Table | undefined {
  try {
    return table(JSON.parse(line));
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
