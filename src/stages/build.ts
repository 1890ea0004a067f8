/** The stage `build`: from source to the module that ships, in three tasks, each with its size. */

import { chmodSync, copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256, sha256File, type Digest } from '../kernel/digest.ts';
import { formatSize } from '../kernel/quantity.ts';
import type { TaskContext, TaskDefinition, TaskOutcome } from '../pipeline/index.ts';
import { chooseProgram, compileModule, readTargets } from '../toolchains/index.ts';
import {
  componentFromCore,
  inspectWasm,
  optimiseModule,
  optimiserIdentity,
  transpilerIdentity,
  type ModuleReport,
} from '../wasm/index.ts';
import { describeDiagnostics } from './describe-diagnostics.ts';
import { CARGO_SLOT, type RustProject } from './rust-project.ts';
import type { StageOptions, StageProject } from './stage-options.ts';

/** Grows when the way in which a module is optimised or made a component changes. */
const RECIPE = 1;
const CORE = 'core.wasm';
const SHIPPED = 'app.wasm';

/** The value of `build/component`; its output folder holds `app.wasm`. */
export type BuiltModule = {
  readonly module: Digest;
  /** Bytes of `app.wasm`. */
  readonly size: number;
  /** Bytes after each step. */
  readonly sizes: { readonly compiled: number; readonly optimised: number; readonly shipped: number };
  readonly report: ModuleReport;
};

/** `build/compile`, `build/optimise` and `build/component`. */
export function buildTasks(rust: RustProject, options: StageOptions): readonly TaskDefinition[] {
  const { project, environment } = options;
  return [
    compileTask(rust, project),
    optimiseTask(project.build.optimise, environment['PATH'] ?? ''),
    componentTask(rust, project),
  ];
}

function compileTask(rust: RustProject, { service, build }: StageProject): TaskDefinition {
  const { target } = rust;
  const willBeOptimised = build.optimise !== 'none';
  return {
    id: 'build/compile',
    stage: 'build',
    title: `cargo rustc --release --target ${target}`,
    needs: [],
    slot: CARGO_SLOT,
    timeout: 60 * 60_000,
    fingerprint: rust.fingerprint({
      tools: ['cargo', 'rustc'],
      targets: [target, rust.toolchain.host],
      settings: { target, service, willBeOptimised },
    }),
    async run(context): Promise<TaskOutcome> {
      const call = rust.call(context);
      const program = chooseProgram(await readTargets(call), service);
      const { result, module } = await compileModule({ ...call, program, target, willBeOptimised }, rust.covered);
      if (module === undefined) return describeDiagnostics(result, rust.folder);
      return keep(context, module, CORE);
    },
  };
}

function optimiseTask(level: StageProject['build']['optimise'], searchPath: string): TaskDefinition {
  const timeout = 15 * 60_000;
  return {
    id: 'build/optimise',
    stage: 'build',
    title: level === 'none' ? 'module left as built' : `wasm-opt -${level}`,
    needs: ['build/compile'],
    timeout,
    fingerprint: {
      files: { include: [], exclude: [] },
      environment: [],
      tools: level === 'none' ? [] : [{ name: 'wasm-opt', identity: optimiserIdentity() }],
      settings: { recipe: RECIPE, level },
    },
    async run(context): Promise<TaskOutcome> {
      const input = join(context.need('build/compile').output, CORE);
      if (level === 'none') return keep(context, input, CORE);
      const output = join(context.output, CORE);
      const { signal } = context;
      context.log(`${await optimiseModule({ input, output, level, searchPath, timeout, signal })}\n`);
      return keep(context, output, CORE, statSync(input).size);
    },
  };
}

function componentTask(rust: RustProject, { build }: StageProject): TaskDefinition {
  const isComponent = rust.target === 'wasm32-wasip2';
  return {
    id: 'build/component',
    stage: 'build',
    title: isComponent ? 'component and its interfaces' : 'module and its interfaces',
    needs: ['build/compile', 'build/optimise'],
    timeout: 5 * 60_000,
    fingerprint: {
      files: { include: [], exclude: [] },
      environment: [],
      tools: [{ name: 'wit-component', identity: transpilerIdentity() }],
      settings: { recipe: RECIPE, target: rust.target, maxSize: build.maxSize },
    },
    async run(context): Promise<TaskOutcome> {
      const core = readFileSync(join(context.need('build/optimise').output, CORE));
      const shipped = isComponent ? await componentFromCore(core) : core;
      const report = inspectWasm(shipped);
      const sizes = {
        compiled: sizeOf(context.need('build/compile').value),
        optimised: core.length,
        shipped: shipped.length,
      };
      context.log(table(sizes, report));
      const problem = problemWith(report, isComponent, build.maxSize);
      if (problem) return problem;
      writeModule(join(context.output, SHIPPED), shipped);
      const value: BuiltModule = { module: sha256(shipped), size: shipped.length, sizes, report };
      return { kind: 'passed', value, summary: `${steps(sizes)}${report.world ? `, ${report.world}` : ''}` };
    },
  };
}

function problemWith(report: ModuleReport, isComponent: boolean, maxSize: number | null): TaskOutcome | undefined {
  if (!isComponent && !(report.exports.includes('_start') && report.exports.includes('memory'))) {
    return {
      kind: 'failed',
      summary: 'the module answers no requests: it is no command (it does not export _start and memory)',
      details: [`exports: ${report.exports.join(', ') || 'nothing'}`],
      hint: 'Write the service as a program whose `main` answers one request as CGI programs do, or build it for wasm32-wasip2.',
    };
  }
  if (isComponent && report.world !== 'wasi:http/proxy') {
    return {
      kind: 'failed',
      summary: 'the component answers no requests: it does not export wasi:http/incoming-handler@0.2',
      details: [`exports: ${report.exports.join(', ') || 'nothing'}`],
      hint: 'Write the service with `#[wstd::http_server]` on `main` at the root of the program (crate wstd 0.6).',
    };
  }
  if (maxSize === null || report.size <= maxSize) return undefined;
  const [first, ...more] = report.sections.slice(0, 4);
  return {
    kind: 'failed',
    summary: `the module has ${formatSize(report.size)}, but may have ${formatSize(maxSize)} (build.maxSize)`,
    details: (first ? [first, ...more] : []).map(({ name, size }) => `${formatSize(size).padStart(10)}  ${name}`),
    hint: 'Look for large dependencies and embedded files (`twiggy top` on the unstripped module), or raise build.maxSize.',
  };
}

async function keep(context: TaskContext, from: string, name: string, before?: number): Promise<TaskOutcome> {
  const path = join(context.output, name);
  if (from !== path) copyFileSync(from, path);
  chmodSync(path, 0o644);
  const { size } = statSync(path);
  const value = { module: await sha256File(path, context.signal), size };
  const change = before === undefined ? '' : ` (${percent(size, before)})`;
  return { kind: 'passed', value, summary: `${formatSize(size)}${change}` };
}

/** With its mode whatever the umask is: modes are part of an output's identity. */
function writeModule(path: string, bytes: Uint8Array): void {
  writeFileSync(path, bytes);
  chmodSync(path, 0o644);
}

function sizeOf(value: unknown): number {
  if (typeof value === 'object' && value !== null && 'size' in value && typeof value.size === 'number')
    return value.size;
  throw new TypeError('build/compile gave no size');
}

function percent(now: number, before: number): string {
  if (now === before) return '±0 %';
  return `${now > before ? '+' : '−'}${Math.abs((100 * (now - before)) / before).toFixed(0)} %`;
}

function steps({ compiled, optimised, shipped }: BuiltModule['sizes']): string {
  return [compiled, optimised, shipped].map((size) => formatSize(size)).join(' → ');
}

function table(sizes: BuiltModule['sizes'], report: ModuleReport): string {
  const row = (name: string, size: number) =>
    `  ${name.padEnd(10)} ${String(size).padStart(10)} bytes  ${percent(size, sizes.compiled)}\n`;
  const list = (name: string, entries: readonly string[]) =>
    `${name}\n${entries.map((entry) => `  ${entry}\n`).join('')}`;
  return [
    `size\n${row('compiled', sizes.compiled)}${row('optimised', sizes.optimised)}${row('shipped', sizes.shipped)}`,
    list('imports', report.imports),
    list('exports', report.exports),
    list('made by', [...report.producers.languages, ...report.producers.tools]),
  ].join('');
}
