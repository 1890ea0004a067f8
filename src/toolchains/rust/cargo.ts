/** Runs Cargo (or one of its companions) once, and sorts what came out into results and Faults. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../../kernel/subprocess.ts';
import { toolchainFault } from '../toolchain-fault.ts';
import { cargoEnvironment, type CargoPlaces } from './cargo-environment.ts';
import { createCargoReader, type Artifact, type CargoListener, type Diagnostic } from './cargo-output.ts';

export interface CargoCall {
  readonly places: CargoPlaces;
  /** The fingerprinted variables that are set. */
  readonly given: Readonly<Record<string, string>>;
  readonly listener: CargoListener;
  readonly signal: AbortSignal;
}

export interface CargoRun extends CargoCall {
  readonly args: readonly string[];
  /** A companion beside `cargo` (`cargo-fmt`) that is started in its place. */
  readonly companion?: string;
  /** On top of Cargo's environment; variables of the user win. */
  readonly environment?: Readonly<Record<string, string>>;
  /** What comes on standard output, instead of reading it as Cargo's messages. */
  readonly onText?: (piece: string) => void;
  /** Standard error goes where standard output goes, in the order of writing. */
  readonly mergeStreams?: boolean;
}

export interface CargoResult {
  readonly passed: boolean;
  readonly artifacts: readonly Artifact[];
  readonly diagnostics: readonly Diagnostic[];
  /** Standard error without the progress bar. */
  readonly text: string;
  readonly stdout: string;
}

/**
 * A compile error is a result (`passed` false, with its diagnostics).
 *
 * @throws Fault `toolchain/not-found` (companion), `toolchain/registry-unreachable`, `toolchain/bad-manifest` (lock file).
 */
export async function runCargo(run: CargoRun): Promise<CargoResult> {
  const { places, given, listener, signal, companion } = run;
  const program = companion === undefined ? places.toolchain.cargo : companionProgram(places, companion);
  const reader = createCargoReader(listener);
  const { onText } = run;
  const finished = await runCommand({
    ...(run.mergeStreams
      ? { program: '/bin/sh', args: ['-c', 'exec "$@" 2>&1', 'sh', program, ...run.args] }
      : { program, args: run.args }),
    cwd: places.source,
    env: { ...cargoEnvironment(places, given), ...run.environment, ...given, ...flagsOf(run) },
    signal,
    onOutput(piece, stream) {
      if (stream === 'stdout' && onText) onText(piece);
      else reader.onOutput(piece, stream);
    },
  });
  signal.throwIfAborted();
  const result = { passed: finished.exitCode === 0, ...reader.read(), stdout: finished.stdout };
  if (!result.passed) refuseCircumstances(run.mergeStreams ? finished.stdout : result.text);
  return result;
}

/** Flags with our remapping hold the user's own already, so they replace them. */
function flagsOf(run: CargoRun): Readonly<Record<string, string>> {
  const flags = run.environment?.['CARGO_ENCODED_RUSTFLAGS'];
  return flags === undefined ? {} : { CARGO_ENCODED_RUSTFLAGS: flags };
}

function companionProgram(places: CargoPlaces, name: string): string {
  const path = join(places.toolchain.programs, name);
  if (existsSync(path)) return path;
  const component = name === 'cargo-fmt' ? 'rustfmt' : 'clippy';
  const toolchain = places.toolchain.rustup?.name;
  throw toolchainFault({
    code: 'toolchain/not-found',
    message: `${name} is not installed beside ${places.toolchain.cargo}.`,
    hint: toolchain
      ? `Run \`rustup component add ${component} --toolchain ${toolchain}\`, or switch the check off in slipway.yaml.`
      : `Install ${component} for this Rust, or switch the check off in slipway.yaml.`,
  });
}

const UNREACHABLE =
  /(could ?n[o']t resolve|failed to (download|query replaced source|fetch)|unable to update registry|network failure|timed out|Connection refused)/i;

/** Failures that say nothing about the project's code. */
function refuseCircumstances(text: string): void {
  const first = text.split('\n').find((line) => line.startsWith('error:')) ?? '';
  if (/--locked was passed/.test(text)) {
    throw toolchainFault({
      code: 'toolchain/bad-manifest',
      message: 'Cargo.lock does not fit Cargo.toml any more, so the build would not use what is committed.',
      hint: 'Run `cargo check` once and commit the changed Cargo.lock.',
    });
  }
  if (first !== '' && UNREACHABLE.test(text) && !/could not compile/.test(text)) {
    throw toolchainFault({
      code: 'toolchain/registry-unreachable',
      message: `Cargo can't get the crates that Cargo.lock names: ${first.slice('error:'.length).trim()}.`,
      hint: 'Check the network and proxy, or run `cargo fetch` where they are and keep CARGO_HOME.',
    });
  }
}
