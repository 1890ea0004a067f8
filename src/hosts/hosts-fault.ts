/** The faults of this folder, and how they are made. */

import { Fault, type FaultFields } from '../kernel/fault.ts';

export type HostsFaultCode =
  /** The host's language can't say what the project asks for. */
  | 'hosts/not-expressible'
  /** `slipway.ci.lock` is not what this version writes. */
  | 'hosts/bad-lock'
  /** The repository of an action does not answer, or has no version. */
  | 'hosts/no-version';

export function hostsFault(fields: FaultFields<HostsFaultCode>): Fault<HostsFaultCode> {
  return new Fault(fields);
}
