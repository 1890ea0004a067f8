/** What can go wrong with a compiler and its surroundings, as a closed list. */

import { Fault } from '../kernel/fault.ts';

export type ToolchainFaultCode =
  /** No such compiler or tool on this machine. */
  | 'toolchain/not-found'
  /** rustup is told to use a toolchain that is not installed. */
  | 'toolchain/not-installed'
  /** The standard library for the target is not installed. */
  | 'toolchain/target-missing'
  /** A target that is no longer or never was what a service is built for. */
  | 'toolchain/wrong-target'
  /** `Cargo.toml`, `rust-toolchain.toml` or the lock file is absent or can't be read. */
  | 'toolchain/bad-manifest'
  /** The build reads files that are not below the project folder. */
  | 'toolchain/outside-project'
  /** The compiler did not answer, or in a way that we don't understand. */
  | 'toolchain/unusable'
  /** The crate registry could not be reached. */
  | 'toolchain/registry-unreachable';

export interface ToolchainFaultFields {
  readonly code: ToolchainFaultCode;
  readonly message: string;
  readonly hint: string;
  readonly cause?: unknown;
}

export function toolchainFault(fields: ToolchainFaultFields): Fault<ToolchainFaultCode> {
  const unreachable = fields.code === 'toolchain/registry-unreachable';
  return new Fault({ kind: unreachable ? 'unreachable' : 'usage', retryable: unreachable, ...fields });
}
