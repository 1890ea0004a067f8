/** What can go wrong with the bytes of a module or a component, as a closed list. */

import { Fault } from '../kernel/fault.ts';

export type WasmFaultCode =
  /** Not WebAssembly, or bytes that break the format. */
  | 'wasm/malformed'
  /** Well formed perhaps, but larger, deeper or with more of something than we read. */
  | 'wasm/limit'
  /** Machine code (an ELF file, a precompiled `.cwasm`) where WebAssembly is expected. */
  | 'wasm/native-code'
  /** A module where a component is needed, or the other way round. */
  | 'wasm/wrong-kind'
  /** It wants more memory than it may have. */
  | 'wasm/memory-bound'
  /** The optimiser, the encoder or the transpiler refused it. */
  | 'wasm/tool-failed';

export interface WasmFaultFields {
  readonly code: WasmFaultCode;
  readonly message: string;
  readonly hint: string;
  readonly cause?: unknown;
}

export function wasmFault(fields: WasmFaultFields): Fault<WasmFaultCode> {
  return new Fault({ kind: 'refused', ...fields });
}

/** The first lines of what a tool said: its output may quote the input, which nobody has vouched for. */
export function firstLines(text: string, lines = 6): string {
  // oxlint-disable-next-line no-control-regex -- terminal escapes are what has to go
  const printable = text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, ' ');
  return printable.trim().split('\n').slice(0, lines).join('\n').slice(0, 1000);
}
