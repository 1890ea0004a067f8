/** What the stages need to know of a project and its surroundings to declare their tasks. */

import type { Build, Checks, Image, Tests } from '../project/index.ts';

/** The part of a `Project` that decides what is checked, tested, built and packed. */
export interface StageProject {
  readonly service: string;
  readonly build: Build;
  readonly checks: Pick<Checks, 'format' | 'lint'>;
  readonly tests: Pick<Tests, 'unit' | 'integration'>;
  readonly image: Pick<Image, 'platforms'>;
}

export interface StageOptions {
  readonly project: StageProject;
  /** The project folder. */
  readonly folder: string;
  /** The environment of our own process. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The cache folder: compilers keep their own intermediate files below it. */
  readonly cache: string;
  /** The bundled replica host (`dist/replica.js`): it goes into the Linux children of images. */
  readonly replicaBundle: string;
}
