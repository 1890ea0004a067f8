/** What brings a job its tools. */

import type { Job, JobSetup } from './job-graph.ts';

/** A rollback builds nothing: it must not fail because a toolchain can't be fetched. */
export function installLines({ kind }: Job, { install, installSlipway }: JobSetup): readonly string[] {
  return kind === 'rollback' ? installSlipway : install;
}
