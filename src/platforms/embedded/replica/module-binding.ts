/**
 * Runs the module of a component directly: its imports are bound by our own canonical ABI. This is the common case (what
 * `wasm32-wasip2` makes is one module with the encoder's two small tables around it) and some ten times cheaper per
 * call than the JavaScript that jco generates for the general one.
 */

import { createGuest, type GuestExports } from './abi/guest.ts';
import { signaturesOf } from './abi/signatures.ts';
import type { CoreFunction } from './abi/lowering.ts';
import type { IncomingRequest, ResponseOutparam } from './wasi/http-messages.ts';
import type { World } from './wasi/world.ts';

/** One running copy of the service. After anything was thrown by `handle` it must not be used again. */
export interface Instance {
  handle(request: IncomingRequest, outparam: ResponseOutparam): void;
  /** Bytes of memory that it has now. */
  memory(): number;
}

const HANDLER = /^wasi:http\/incoming-handler@0\.2\.\d+#handle$/;
const INTERFACE = /^(wasi:[a-z-]+\/[a-z-]+)@0\.2\.\d+$/;

/** How to make an instance, or `null` when these modules are not such a component. */
export function bindModule(modules: readonly WebAssembly.Module[], world: World): (() => Instance) | null {
  const withMemory = modules.filter((module) => concernsMemory(module));
  const [main] = withMemory;
  if (main === undefined || withMemory.length > 1) return null;
  const exported = WebAssembly.Module.exports(main).map(({ name }) => name);
  const handler = exported.find((name) => HANDLER.test(name));
  if (handler === undefined || !exported.includes('cabi_realloc') || !exported.includes('memory')) return null;

  const signatures = signaturesOf(world);
  const imports = WebAssembly.Module.imports(main).map(({ module, name }) => ({
    module,
    name,
    lowering: signatures[INTERFACE.exec(module)?.[1] ?? '']?.[name],
  }));
  if (imports.some(({ lowering }) => lowering === undefined)) return null;

  return () => {
    const guest = createGuest(() => exports);
    const bound: Record<string, Record<string, CoreFunction>> = {};
    for (const { module, name, lowering } of imports) {
      if (lowering !== undefined) (bound[module] ??= {})[name] = lowering(guest);
    }
    const instance = new WebAssembly.Instance(main, bound);
    const exports = instance.exports as unknown as GuestExports &
      Readonly<Record<string, (...values: number[]) => void>>;
    // The encoder's start function would call it: a reactor of C or Rust sets itself up there.
    exports['_initialize']?.();
    return {
      handle: (request, outparam) => exports[handler]?.(guest.give(request), guest.give(outparam)),
      memory: () => exports.memory.buffer.byteLength,
    };
  };
}

function concernsMemory(module: WebAssembly.Module): boolean {
  const ends = [...WebAssembly.Module.imports(module), ...WebAssembly.Module.exports(module)];
  return ends.some(({ kind }) => kind === 'memory');
}
