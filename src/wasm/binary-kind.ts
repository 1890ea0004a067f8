/** The first eight bytes: what the file claims to be, and a refusal of what must never pass for WebAssembly. */

import { wasmFault } from './wasm-fault.ts';

export type BinaryKind = 'module' | 'component';

/** Larger files are not read at all. The largest service that we met has 18 MB. */
const MAX_BINARY_SIZE = 256 * 1024 * 1024;

/**
 * Core modules have version 1 and layer 0, components version 13 and layer 1 (component model, Binary.md §preamble).
 *
 * @throws Fault `wasm/native-code`, `wasm/limit` or `wasm/malformed`.
 */
export function binaryKind(bytes: Uint8Array): BinaryKind {
  const start = Buffer.from(bytes.subarray(0, 4)).toString('hex');
  // `.cwasm` of wasmtime is an ELF file; the others are Mach-O and PE.
  if (start === '7f454c46' || /^(c[ef]faedfe|feedfac[ef]|4d5a)/.test(start)) {
    throw wasmFault({
      code: 'wasm/native-code',
      message: 'The file is native machine code, not WebAssembly: it could do anything on the host that runs it.',
      hint: 'Ship the .wasm file, never a precompiled one (.cwasm, .so).',
    });
  }
  if (bytes.length > MAX_BINARY_SIZE) {
    throw wasmFault({
      code: 'wasm/limit',
      message: `The file has ${bytes.length} bytes; more than ${MAX_BINARY_SIZE} are not read.`,
      hint: 'Build it in release mode and keep assets out of the module.',
    });
  }
  const version = Buffer.from(bytes.subarray(4, 8)).toString('hex');
  if (start === '0061736d' && version === '01000000') return 'module';
  if (start === '0061736d' && version === '0d000100') return 'component';
  throw wasmFault({
    code: 'wasm/malformed',
    message:
      start === '0061736d' && bytes.length >= 8
        ? `The file is WebAssembly of an unknown version (${version}).`
        : 'The file is not WebAssembly: it does not start with \\0asm.',
    hint: 'Give the .wasm file that the compiler made.',
  });
}

/** @throws Fault `wasm/wrong-kind` when it is well marked but the other kind, else as `binaryKind`. */
export function expectKind(bytes: Uint8Array, kind: BinaryKind): void {
  const found = binaryKind(bytes);
  if (found === kind) return;
  throw wasmFault({
    code: 'wasm/wrong-kind',
    message: `The file is a ${found === 'module' ? 'core module' : 'component'}, but a ${kind === 'module' ? 'core module' : 'component'} is needed here.`,
    hint:
      kind === 'component'
        ? 'Build for wasm32-wasip2, which gives a component.'
        : 'Give the core module that the component was made of.',
  });
}
