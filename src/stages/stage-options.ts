/** What the stages need to know of a project and its surroundings to declare their tasks. */

import type { OptimisationLevel } from '../wasm/index.ts';

export interface StageProject {
  readonly service: string;
  readonly build: {
    readonly toolchain?: 'rust' | 'go' | 'c' | 'assemblyscript' | undefined;
    readonly target: string;
    readonly optimise: OptimisationLevel | 'none';
    /** Bytes. */
    readonly maxSize?: number | undefined;
  };
  readonly checks: { readonly format: boolean; readonly lint: boolean };
  readonly tests: { readonly unit: boolean; readonly integration: boolean };
}

export interface StageOptions {
  readonly project: StageProject;
  /** The project folder. */
  readonly folder: string;
  /** The environment of our own process. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The cache folder: compilers keep their own intermediate files below it. */
  readonly cache: string;
}
