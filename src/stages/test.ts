/** The stage `test`: the project's own tests, run on this machine's target, with their real counts. */

import type { Json } from '../kernel/digest.ts';
import type { Finding, TaskContext, TaskDefinition, TaskOutcome, TestSuite } from '../pipeline/index.ts';
import { readTargets, runTests, totalOf, type TestProgram, type TestSelection } from '../toolchains/index.ts';
import { describeDiagnostics } from './describe-diagnostics.ts';
import { CARGO_SLOT, type RustProject } from './rust-project.ts';
import type { StageProject } from './stage-options.ts';

/** Grows when what is said about the same tests changes. */
const RECIPE = 2;

/** `test/unit` and `test/integration`, as far as the project wants them. Their value holds `passed`, `failed`, `ignored` and `suites`. */
export function testTasks(rust: RustProject, tests: StageProject['tests']): readonly TaskDefinition[] {
  return [
    ...(tests.unit ? [testTask(rust, 'unit', 'cargo test --lib --bins, and --doc')] : []),
    ...(tests.integration ? [testTask(rust, 'integration', "cargo test --test '*'")] : []),
  ];
}

function testTask(rust: RustProject, selection: TestSelection, title: string): TaskDefinition {
  const { host } = rust.toolchain;
  return {
    id: `test/${selection}`,
    stage: 'test',
    title,
    needs: [],
    slot: CARGO_SLOT,
    timeout: 30 * 60_000,
    fingerprint: rust.fingerprint({
      tools: ['cargo', 'rustc'],
      targets: [host],
      settings: { selection, recipe: RECIPE },
    }),
    run: (context) => test(rust, context, selection),
  };
}

async function test(rust: RustProject, context: TaskContext, selection: TestSelection): Promise<TaskOutcome> {
  const call = rust.call(context);
  const run = await runTests(call, await readTargets(call), selection);
  switch (run.kind) {
    case 'none':
      return { kind: 'passed', value: valueOf([]), summary: `no ${selection} tests` };
    case 'not-compiled': {
      const outcome = describeDiagnostics(run.result, rust.folder);
      const wasmOnly = /wasi|wasm/i.test(run.result.text + run.result.diagnostics.map((d) => d.message).join());
      if (!wasmOnly) return outcome;
      return {
        ...outcome,
        hint: `Tests run on ${rust.toolchain.host}: keep crates that need wasm under [target.'cfg(target_arch = "wasm32")'.dependencies].`,
      };
    }
    case 'ran':
      return judge(run.passed, run.programs, run.text);
  }
}

function judge(passed: boolean, programs: readonly TestProgram[], text: string): TaskOutcome {
  const total = totalOf(programs);
  if (passed) return { kind: 'passed', value: valueOf(programs), summary: summarise(programs) };
  const failures = programs.flatMap((program) =>
    program.failures.map(({ name, output }) => ({ title: `${name} (${program.name})`, output })),
  );
  const crashed = programs.filter(({ finished, ending }) => !finished && ending !== undefined);
  const details = [
    ...failures.map(({ title }) => `failed: ${title}`),
    ...crashed.map(({ name, ending }) => `ended without a summary: ${name} (${ending})`),
    ...failures.slice(0, 3).flatMap(({ title, output }) => ['', `${title}:`, ...output.split('\n').slice(0, 15)]),
  ];
  return {
    kind: 'failed',
    summary:
      total.failed > 0 ? `${total.failed} of ${total.passed + total.failed} tests failed` : 'a test program crashed',
    details: details.length > 0 ? details : text.trim().split('\n').slice(-20),
    findings: programs.flatMap((program) => findingsOf(program)),
    value: valueOf(programs),
  };
}

/** No times: the same tests with the same results are the same value. */
function valueOf(programs: readonly TestProgram[]): { readonly [key: string]: Json } {
  const suites = programs.map(({ name, good, leftOut, failures, finished, ending }): TestSuite => ({
    name,
    crash: finished ? null : (ending ?? null),
    // Tests end in any order.
    passed: good.toSorted(),
    ignored: leftOut.toSorted(),
    failed: failures.map((failure) => ({ ...failure, output: failure.output.slice(0, LONGEST_OUTPUT) })),
  }));
  return { ...totalOf(programs), suites };
}

/** Characters of a failed test's output that reports get; the log has the rest. */
const LONGEST_OUTPUT = 8000;

function findingsOf({ name: program, failures, finished, ending }: TestProgram): readonly Finding[] {
  const failed = failures.map(({ name, output }): Finding => {
    const [, file, line, column] = PANIC.exec(output) ?? [];
    // What it printed before may be long; why it failed comes last.
    const said = output
      .slice(Math.max(0, output.search(/^thread '.*panicked at/m)))
      .split('\n')
      .slice(0, 6)
      .join('\n');
    const at = { line: Number(line), column: Number(column), endLine: null, endColumn: null };
    return {
      severity: 'error',
      rule: 'test',
      message: `${name} (${program}) failed${said === '' ? '' : `:\n${said}`}`,
      place: file === undefined ? null : { file, ...at },
    };
  });
  if (finished || ending === undefined) return failed;
  const crash = `${program} ended without a summary (${ending})`;
  return [...failed, { severity: 'error', rule: 'test', message: crash, place: null }];
}

/** Where the harness says that a test has panicked, when it was in the project (`/rustc/…` is the standard library). */
const PANIC = /panicked at (?:'.*', )?(?!\/)([^\s:]+\.rs):(\d+):(\d+)/;

/** `19 passed, 1 ignored, 2 doc tests passed` */
function summarise(programs: readonly TestProgram[]): string {
  const code = totalOf(programs.filter(({ kind }) => kind !== 'doc'));
  const doc = totalOf(programs.filter(({ kind }) => kind === 'doc'));
  // A program with a harness of its own reports no counts; that it ended well is all that is known.
  const own = programs.filter(({ finished }) => !finished).length;
  if (own === 0 && programs.every(isEmpty)) return 'no tests';
  const parts = [
    `${code.passed} passed`,
    code.ignored + doc.ignored > 0 ? `${code.ignored + doc.ignored} ignored` : '',
    doc.passed > 0 ? `${doc.passed} doc ${doc.passed === 1 ? 'test' : 'tests'} passed` : '',
    own > 0 ? `${own} with a harness of ${own === 1 ? 'its' : 'their'} own` : '',
  ];
  return parts.filter(Boolean).join(', ');
}

function isEmpty({ passed, failed, ignored }: TestProgram): boolean {
  return passed + failed + ignored === 0;
}
