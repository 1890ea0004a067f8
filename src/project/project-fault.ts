/** The faults of this folder, and how they are made. */

import { Fault, type FaultFields } from '../kernel/fault.ts';

export type ProjectFaultCode =
  | 'project/no-file'
  | 'project/no-cargo-project'
  | 'project/already-there'
  | 'project/no-repository'
  | 'project/no-commit'
  | 'project/unknown-ref'
  | 'project/git-failed';

export function projectFault(fields: Omit<FaultFields<ProjectFaultCode>, 'kind'>): Fault<ProjectFaultCode> {
  return new Fault({ ...fields, kind: 'usage' });
}
