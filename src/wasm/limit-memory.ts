/**
 * The memory bound of a replica: a module's declared maximum is what its host's engine enforces, and the only way to stop
 * `memory.grow` from inside the process (Node's `resourceLimits` don't count wasm memory; facts/wasm.md section 7).
 */

import { expectKind } from './binary-kind.ts';
import { createByteReader } from './byte-reader.ts';
import { readModule, walkSections, type CoreMemory } from './module-reader.ts';
import { wasmFault } from './wasm-fault.ts';

/**
 * The same module with a maximum of at most `maxPages` (64 KiB each) on its memory, own or imported; beyond it
 * `memory.grow` answers -1. A module without memory, or with a lower maximum, comes back as it was. The bound is per
 * module: whoever instantiates several shares it out.
 *
 * @throws Fault `wasm/memory-bound` when the module starts with more than the bound or has several memories,
 *   `wasm/wrong-kind`, `wasm/malformed`, `wasm/limit` or `wasm/native-code`.
 */
export function limitMemory(core: Uint8Array, maxPages: number): Uint8Array {
  expectKind(core, 'module');
  const { memories } = readModule(createByteReader(core));
  const [memory, second] = memories;
  if (memory === undefined) return core;
  if (second !== undefined) {
    throw wasmFault({
      code: 'wasm/memory-bound',
      message: `The module has ${memories.length} memories; only one can be bounded.`,
      hint: 'Build it without the multi-memory feature.',
    });
  }
  if (memory.minimum > BigInt(maxPages)) {
    throw wasmFault({
      code: 'wasm/memory-bound',
      message: `The module starts with ${memory.minimum} pages of memory (64 KiB each), but may have ${maxPages}.`,
      hint: 'Raise the memory bound of the service, or make its static tables and stack smaller.',
    });
  }
  if (memory.maximum !== null && memory.maximum <= BigInt(maxPages)) return core;
  return replaceLimits(core, memory, maxPages);
}

function replaceLimits(core: Uint8Array, memory: CoreMemory, maxPages: number): Uint8Array {
  const limits = [memory.flags | 1, ...leb128(memory.minimum), ...leb128(BigInt(maxPages))];
  const parts: Uint8Array[] = [core.subarray(0, 8)];
  walkSections(createByteReader(core), (id, content) => {
    const start = content.offset;
    const end = start + content.left;
    const inside = start <= memory.start && memory.end <= end && (id === 2 || id === 5);
    const pieces = inside
      ? [core.subarray(start, memory.start), Uint8Array.from(limits), core.subarray(memory.end, end)]
      : [core.subarray(start, end)];
    const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
    parts.push(Uint8Array.from([id, ...leb128(BigInt(size))]), ...pieces);
  });
  return Buffer.concat(parts);
}

function leb128(value: bigint): number[] {
  const bytes: number[] = [];
  for (let left = value; ; left >>= 7n) {
    if (left < 0x80n) return [...bytes, Number(left)];
    bytes.push(Number(left & 0x7fn) | 0x80);
  }
}
