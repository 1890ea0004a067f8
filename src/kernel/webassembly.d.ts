/**
 * Node's `WebAssembly` global, as far as we use it (WebAssembly JavaScript Interface 2.0). TypeScript keeps it in its DOM
 * library, which would also bring a browser's globals that Node does not have.
 */

declare namespace WebAssembly {
  type ImportValue = ((...args: never[]) => unknown) | Global | Memory | Table | number | bigint;
  type Imports = Readonly<Record<string, Readonly<Record<string, ImportValue>>>>;
  type ExportValue = ((...args: unknown[]) => unknown) | Global | Memory | Table;
  type Kind = 'function' | 'table' | 'memory' | 'global' | 'tag';

  class Module {
    constructor(bytes: Uint8Array);
    static imports(module: Module): { module: string; name: string; kind: Kind }[];
    static exports(module: Module): { name: string; kind: Kind }[];
    static customSections(module: Module, name: string): ArrayBuffer[];
  }
  class Instance {
    constructor(module: Module, imports?: Imports);
    readonly exports: Readonly<Record<string, ExportValue>>;
  }
  class Memory {
    constructor(limits: { initial: number; maximum?: number; shared?: boolean });
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  class Table {
    readonly length: number;
  }
  class Global {
    value: unknown;
  }
  class CompileError extends Error {}
  class LinkError extends Error {}
  class RuntimeError extends Error {}

  function compile(bytes: Uint8Array): Promise<Module>;
  function validate(bytes: Uint8Array): boolean;
}
