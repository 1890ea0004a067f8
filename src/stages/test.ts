/** The stage `test`: the project's own tests, run on this machine's target, with their real counts. */

import type { TaskContext, TaskDefinition, TaskOutcome } from '../pipeline/index.ts';
import { readTargets, runTests, totalOf, type TestProgram, type TestSelection } from '../toolchains/index.ts';
import { describeDiagnostics } from './check.ts';
import { CARGO_SLOT, type RustProject } from './rust-project.ts';
import type { StageProject } from './stage-options.ts';

/** `test/unit` and `test/integration`, as far as the project wants them. Their value holds `passed`, `failed`, `ignored`. */
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
    fingerprint: rust.fingerprint({ tools: ['cargo', 'rustc'], targets: [host], settings: { selection } }),
    run: (context) => test(rust, context, selection),
  };
}

async function test(rust: RustProject, context: TaskContext, selection: TestSelection): Promise<TaskOutcome> {
  const call = rust.call(context);
  const run = await runTests(call, await readTargets(call), selection);
  switch (run.kind) {
    case 'none':
      return { kind: 'passed', value: { passed: 0, failed: 0, ignored: 0 }, summary: `no ${selection} tests` };
    case 'not-compiled': {
      const outcome = describeDiagnostics(run.result.diagnostics, run.result.text);
      const wasmOnly = /wasi|wasm/i.test(run.result.text + run.result.diagnostics.map((d) => d.message).join());
      if (outcome.kind === 'passed' || !wasmOnly) return outcome;
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
  if (passed) return { kind: 'passed', value: { ...total }, summary: summarise(programs) };
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
  };
}

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
