/** The stage `check`: is the code formatted as rustfmt formats it, and has clippy nothing to say. */

import { relative } from 'node:path';
import type { Finding, TaskContext, TaskDefinition, TaskOutcome } from '../pipeline/index.ts';
import { lintCrates, runCargo } from '../toolchains/index.ts';
import { describeDiagnostics } from './describe-diagnostics.ts';
import { CARGO_SLOT, type RustProject } from './rust-project.ts';
import type { StageProject } from './stage-options.ts';

/** `check/format` and `check/lint`, as far as the project wants them. */
export function checkTasks(rust: RustProject, checks: StageProject['checks']): readonly TaskDefinition[] {
  return [...(checks.format ? [formatTask(rust)] : []), ...(checks.lint ? [lintTask(rust)] : [])];
}

function formatTask(rust: RustProject): TaskDefinition {
  return {
    id: 'check/format',
    stage: 'check',
    title: 'cargo fmt --check',
    needs: [],
    timeout: 5 * 60_000,
    fingerprint: rust.fingerprint({ tools: ['cargo', 'rustfmt'] }),
    run: (context) => checkFormat(rust, context),
  };
}

async function checkFormat(rust: RustProject, context: TaskContext): Promise<TaskOutcome> {
  const { passed, stdout, text } = await runCargo({
    ...rust.call(context),
    companion: 'cargo-fmt',
    args: ['fmt', '--all', '--check'],
    onText: (piece) => context.log(piece),
  });
  if (passed) return { kind: 'passed', value: null, summary: 'formatted' };
  const places = [...stdout.matchAll(/^Diff in (.+?):(\d+):?$/gm)].map(
    ([, file, line]) => `${relative(rust.folder, file ?? '')}:${line}`,
  );
  if (places.length === 0) {
    return { kind: 'failed', summary: 'rustfmt could not read the code', details: text.split('\n').slice(0, 20) };
  }
  const files = new Set(places.map((place) => place.replace(/:\d+$/, ''))).size;
  return {
    kind: 'failed',
    summary: `${files} ${files === 1 ? 'file is' : 'files are'} not formatted`,
    details: places.slice(0, 20),
    hint: 'Run `cargo fmt --all`.',
    findings: places.map((place) => unformatted(place)),
  };
}

function unformatted(place: string): Finding {
  const [, file = place, line] = /^(.*):(\d+)$/.exec(place) ?? [];
  const at = { file, line: Number(line ?? 1), column: null, endLine: null, endColumn: null };
  return { severity: 'warning', rule: 'rustfmt', message: 'not formatted as rustfmt formats it', place: at };
}

function lintTask(rust: RustProject): TaskDefinition {
  const target = rust.lintTarget;
  return {
    id: 'check/lint',
    stage: 'check',
    title: `cargo clippy -D warnings (libraries and programs, ${target})`,
    needs: [],
    slot: CARGO_SLOT,
    timeout: 30 * 60_000,
    fingerprint: rust.fingerprint({ tools: ['cargo', 'rustc', 'clippy'], targets: [target], settings: { target } }),
    run: (context) => checkLints(rust, context),
  };
}

async function checkLints(rust: RustProject, context: TaskContext): Promise<TaskOutcome> {
  const { passed, diagnostics, text } = await lintCrates(rust.call(context), rust.lintTarget);
  if (passed) return { kind: 'passed', value: { findings: 0 }, summary: 'no findings' };
  return describeDiagnostics({ diagnostics, text }, rust.folder);
}
