/** Why an image, a layout, a reference or a registry can't be used. */

import { Fault, type FaultKind } from '../kernel/fault.ts';

export type OciFaultCode =
  | 'oci/malformed'
  | 'oci/digest-mismatch'
  | 'oci/missing'
  | 'oci/limit'
  | 'oci/no-module'
  | 'oci/epoch'
  | 'reference/malformed'
  | 'registry/unauthorized'
  | 'registry/insecure'
  | 'registry/bad-credentials'
  | 'registry/helper-failed'
  | 'registry/refused'
  | 'registry/unreachable'
  | 'registry/digest-mismatch'
  | 'registry/untrusted-location'
  | 'runtime/no-mirror'
  | 'runtime/download-failed'
  | 'runtime/mismatch'
  | 'runtime/incomplete';

export interface OciFaultFields {
  readonly code: OciFaultCode;
  readonly message: string;
  readonly hint: string;
  /** `refused` unless given. */
  readonly kind?: FaultKind;
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

export function ociFault(fields: OciFaultFields): Fault<OciFaultCode> {
  return new Fault<OciFaultCode>({ kind: 'refused', ...fields });
}
