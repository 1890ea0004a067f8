/** A running guest as the canonical ABI needs it: its memory, its allocator and the handles that it holds. */

import { Trap } from '../wasi/trap.ts';

/** What a guest module must export. */
export interface GuestExports {
  readonly memory: WebAssembly.Memory;
  readonly cabi_realloc: (old: number, oldSize: number, alignment: number, size: number) => number;
}

/** More are held only by a service that forgets to drop them, and would fill our memory in the end. */
const MOST_HANDLES = 10_000;

type ResourceClass<T> = abstract new (...args: never[]) => T;

export interface Guest {
  /** Views of the memory as it is now. */
  bytes: Buffer;
  view: DataView;
  /** Address of fresh memory of the guest. Views taken before may be stale after it. */
  allocate(alignment: number, size: number): number;
  /** Makes the views those of the present memory: to be called whenever the guest has run. */
  refresh(): void;
  /** Handle of a resource that is given to the guest. */
  give(resource: object): number;
  /** The resource of a handle. Traps when there is none or it is another resource. */
  look<T>(handle: number, of: ResourceClass<T>): T;
  /** The same, and the handle is gone: the guest gave it away. */
  take<T>(handle: number, of: ResourceClass<T>): T;
}

export function createGuest(getExports: () => GuestExports): Guest {
  /** Index 0 is never given out (canonical ABI: "0 is an invalid index"). */
  const table: (object | undefined)[] = [undefined];
  const free: number[] = [];
  const guest: Guest = {
    bytes: Buffer.alloc(0),
    view: new DataView(new ArrayBuffer(0)),
    allocate(alignment, size) {
      // Any aligned address stands for nothing.
      if (size === 0) return alignment;
      const at = getExports().cabi_realloc(0, 0, alignment, size) >>> 0;
      guest.refresh();
      if (at % alignment !== 0 || at + size > guest.bytes.length) throw new Trap('the allocator gave a wrong address');
      return at;
    },
    refresh() {
      const { buffer } = getExports().memory;
      if (guest.view.buffer === buffer) return;
      guest.bytes = Buffer.from(buffer);
      guest.view = new DataView(buffer);
    },
    give(resource) {
      const handle = free.pop() ?? table.length;
      if (handle > MOST_HANDLES) throw new Trap(`it holds more than ${MOST_HANDLES} resources`);
      table[handle] = resource;
      return handle;
    },
    look(handle, of) {
      const resource = table[handle];
      if (resource instanceof of) return resource;
      throw new Trap(`handle ${handle} is not a ${of.name}`);
    },
    take(handle, of) {
      const resource = guest.look(handle, of);
      table[handle] = undefined;
      free.push(handle);
      return resource;
    },
  };
  return guest;
}
