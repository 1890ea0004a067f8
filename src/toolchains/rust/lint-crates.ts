/** Clippy on what ships: libraries and programs for the target. Tests and benches need crates that wasm can't build. */

import { join } from 'node:path';
import { runCargo, type CargoCall, type CargoResult } from './cargo.ts';
import { readTargets, shippedFlags } from './cargo-metadata.ts';

/** Every warning counts as an error, those of dependencies are not looked at. */
export async function lintCrates(call: CargoCall, target: string): Promise<CargoResult> {
  const common = ['--workspace', '--locked', '--message-format=json', '--target', target];
  return runCargo({
    ...call,
    companion: 'cargo-clippy',
    args: ['clippy', ...common, ...shippedFlags(await readTargets(call)), '--', '-D', 'warnings'],
    // clippy-driver is a compiler of its own: it can't use what another one (RUSTC) has compiled.
    environment: { RUSTC: join(call.places.toolchain.programs, 'rustc') },
  });
}
