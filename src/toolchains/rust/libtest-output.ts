/**
 * Counts from what `cargo test` prints: Cargo names each test program before it runs, and Rust's test harness reports
 * every test on a line of its own (its JSON form is still unstable). Both streams must come as one, in order.
 */

import { createLineSplitter } from './cargo-output.ts';

export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly ignored: number;
}

export interface TestProgram extends TestCounts {
  /** `unittests src/lib.rs`, `tests/api.rs`, `doc-tests herald`. */
  readonly name: string;
  readonly kind: 'unit' | 'integration' | 'doc';
  /** Names of those that passed and of those that were left out. */
  readonly good: readonly string[];
  readonly leftOut: readonly string[];
  /** Names of the failed tests, each with what it printed. */
  readonly failures: readonly { readonly name: string; readonly output: string }[];
  /** False when the program ended without the harness's summary: it crashed, or has a harness of its own. */
  readonly finished: boolean;
  /** How it ended when not well: `signal: 6, SIGABRT: process abort signal`, `exit status: 3`. */
  readonly ending: string | undefined;
}

export interface TestListener {
  /** Called with the number of tests that have ended so far. */
  progress(ended: number): void;
}

export interface TestReader {
  push(piece: string): void;
  read(): readonly TestProgram[];
}

type Draft = { -readonly [Key in keyof TestProgram]: TestProgram[Key] } & {
  good: string[];
  leftOut: string[];
  outputs: Map<string, string>;
};

export function createTestReader(listener: TestListener): TestReader {
  const programs: Draft[] = [];
  let ended = 0;
  let capturing: string | undefined;
  const lines = createLineSplitter((line) => {
    const opened = openProgram(line);
    const current = programs.at(-1);
    if (opened) {
      programs.push(opened);
      capturing = undefined;
      return;
    }
    if (current === undefined) return;
    const result = /^test (.+?)(?: - should panic)? \.\.\. (ok|FAILED|ignored)\b/.exec(line);
    if (result) {
      ended += 1;
      listener.progress(ended);
      const [, name = '', how] = result;
      if (how === 'FAILED') current.outputs.set(name, '');
      else (how === 'ok' ? current.good : current.leftOut).push(name);
      return;
    }
    const summary = /^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;/.exec(line);
    if (summary) {
      const [passed, failed, ignored] = summary.slice(1).map(Number);
      Object.assign(current, { passed, failed, ignored, finished: true });
      capturing = undefined;
      return;
    }
    const ending = /^  process didn't exit successfully: .*\((signal: .+|exit status: .+)\)$/.exec(line)?.[1];
    if (ending !== undefined) current.ending = ending;
    const heading = /^---- (.+) stdout ----$/.exec(line);
    if (heading) capturing = heading[1];
    else if (line === 'failures:') capturing = undefined;
    if (heading?.[1] !== undefined) current.outputs.set(heading[1], '');
    else if (capturing !== undefined)
      current.outputs.set(capturing, `${current.outputs.get(capturing) ?? ''}${line}\n`);
  });
  return {
    push: (piece) => lines.push(piece),
    read() {
      lines.end();
      return programs.map(({ outputs, ...program }) => ({
        ...program,
        failures: [...outputs].map(([name, output]) => ({ name, output: withoutBacktrace(output) })),
      }));
    },
  };
}

/** The panic message says enough for a report; the log file has the rest. */
function withoutBacktrace(output: string): string {
  return output.replace(/^(stack backtrace:|note: run with `RUST_BACKTRACE)[^]*$/m, '').trim();
}

/** Cargo's own lines: `     Running unittests src/lib.rs (target/…)`, `   Doc-tests herald`. */
function openProgram(line: string): Draft | undefined {
  const running = /^\s+Running (.+?) \(/.exec(line)?.[1];
  const doc = /^\s+Doc-tests (.+)$/.exec(line)?.[1];
  const name = running ?? (doc === undefined ? undefined : `doc-tests ${doc}`);
  if (name === undefined) return undefined;
  const kind = doc === undefined ? (name.startsWith('unittests ') ? 'unit' : 'integration') : 'doc';
  const counts = { passed: 0, failed: 0, ignored: 0 };
  const lists = { good: [], leftOut: [], failures: [], outputs: new Map<string, string>() };
  return { name, kind, ...counts, ...lists, finished: false, ending: undefined };
}

export function totalOf(programs: readonly TestCounts[]): TestCounts {
  const sum = (pick: (counts: TestCounts) => number) => programs.reduce((total, counts) => total + pick(counts), 0);
  return { passed: sum((c) => c.passed), failed: sum((c) => c.failed), ignored: sum((c) => c.ignored) };
}
