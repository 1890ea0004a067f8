/** `cargo test` on this machine's own target: first everything is compiled, then run, so times and errors don't mix. */

import { runCargo, type CargoCall, type CargoResult } from './cargo.ts';
import { shippedFlags, type CargoTarget } from './cargo-metadata.ts';
import { createTestReader, type TestProgram } from './libtest-output.ts';

export type TestSelection = 'unit' | 'integration';

export type TestRun =
  | { readonly kind: 'none' }
  | { readonly kind: 'not-compiled'; readonly result: CargoResult }
  | {
      readonly kind: 'ran';
      readonly passed: boolean;
      readonly programs: readonly TestProgram[];
      /** What Cargo said at the end when something failed. */
      readonly text: string;
    };

/** Unit: the tests inside of libraries and programs, and those in documentation. Integration: `tests/`. */
export async function runTests(
  call: CargoCall,
  targets: readonly CargoTarget[],
  selection: TestSelection,
): Promise<TestRun> {
  const has = (...kinds: string[]) => targets.some((target) => kinds.some((kind) => target.kind.includes(kind)));
  const integration = has('test') ? ['--test', '*'] : [];
  const flags = selection === 'unit' ? shippedFlags(targets) : integration;
  if (flags.length === 0) return { kind: 'none' };
  // Named, so that a `build.target` in the user's Cargo settings does not send the tests to wasm.
  const common = ['--locked', '--workspace', '--target', call.places.toolchain.host];
  const compiled = await runCargo({
    ...call,
    args: ['test', '--no-run', '--message-format=json', ...common, ...flags],
  });
  if (!compiled.passed) return { kind: 'not-compiled', result: compiled };
  const first = await observe(call, ['test', '--no-fail-fast', ...common, ...flags]);
  if (selection === 'integration' || !has('lib', 'rlib', 'proc-macro')) return { kind: 'ran', ...first };
  const doc = await observe(call, ['test', '--no-fail-fast', '--doc', ...common]);
  return {
    kind: 'ran',
    passed: first.passed && doc.passed,
    programs: [...first.programs, ...doc.programs],
    text: first.text + doc.text,
  };
}

async function observe(
  call: CargoCall,
  args: readonly string[],
): Promise<{ passed: boolean; programs: readonly TestProgram[]; text: string }> {
  const { listener } = call;
  let text = '';
  const reader = createTestReader({ progress: (ended) => listener.progress(`${ended} tests`) });
  const { passed } = await runCargo({
    ...call,
    args,
    // Both streams as one, in the order of writing: only so it is known which program a count belongs to.
    mergeStreams: true,
    environment: { CARGO_TERM_PROGRESS_WHEN: 'never' },
    onText(piece) {
      text += piece;
      listener.log(piece);
      reader.push(piece);
    },
  });
  return { passed, programs: reader.read(), text };
}
