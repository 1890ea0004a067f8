/** What can be impossible on the embedded platform. */

import { Fault, type FaultFields } from '../../kernel/fault.ts';

export type EmbeddedFaultCode =
  | 'embedded/no-such-port'
  | 'embedded/no-wasmtime'
  | 'embedded/not-for-wasmtime'
  | 'embedded/old-wasmtime'
  | 'embedded/port-taken'
  | 'embedded/router-not-started'
  | 'embedded/router-unreachable'
  | 'embedded/secret-empty'
  | 'embedded/secret-missing'
  | 'embedded/unknown-release';

export function embeddedFault(fields: FaultFields<EmbeddedFaultCode>): Fault<EmbeddedFaultCode> {
  return new Fault(fields);
}
