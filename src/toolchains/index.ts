/**
 * Compilers of the languages that services are written in: how each is found and identified, and how it checks, tests and
 * builds a project. Rust only so far. It knows no pipeline: tasks and fingerprints are made of these in `stages`.
 */

export { runCargo, type CargoCall, type CargoResult } from './rust/cargo.ts';
export { buildVariables, cargoHomeFolder, linkerIdentity, type CargoPlaces } from './rust/cargo-environment.ts';
export { chooseProgram, readTargets, type CargoTarget, type ServiceProgram } from './rust/cargo-metadata.ts';
export { type CargoListener, type Diagnostic } from './rust/cargo-output.ts';
export { checkCargoProject, outsideConfiguration } from './rust/cargo-project.ts';
export { compileModule, RUST_RECIPE, type Compiled } from './rust/compile-module.ts';
export { lintCrates } from './rust/lint-crates.ts';
export { totalOf, type TestCounts, type TestProgram } from './rust/libtest-output.ts';
export { privateRust } from './rust/private-rust.ts';
export { runTests, type TestRun, type TestSelection } from './rust/run-tests.ts';
export { findRust, type RustToolchain } from './rust/rust-toolchain.ts';
export { expectTarget, refuseOldTargetNames, standardLibrary, type RustTarget } from './rust/targets.ts';
export { toolchainFault, type ToolchainFaultCode } from './toolchain-fault.ts';
