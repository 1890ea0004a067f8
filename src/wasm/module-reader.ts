/** A core module's sections: imports, exports, memories and custom sections (core specification 3.0, chapter 5.5). */

import { LIMITS, overLimit, type ByteReader } from './byte-reader.ts';

export type Section = {
  /** `custom:producers`, `code`, `unknown 20`. */
  readonly name: string;
  /** Bytes of the content, without id and length. */
  readonly size: number;
};

export interface CoreImport {
  readonly module: string;
  readonly name: string;
  readonly kind: CoreKind;
}

export interface CoreExport {
  readonly name: string;
  readonly kind: CoreKind;
}

const CORE_KINDS = ['function', 'table', 'memory', 'global', 'tag'] as const;
export type CoreKind = (typeof CORE_KINDS)[number];

export interface CoreMemory {
  readonly imported: boolean;
  /** Pages of 64 KiB. */
  readonly minimum: bigint;
  readonly maximum: bigint | null;
  /** Where its limits stand in the file: what `limitMemory` replaces. */
  readonly flags: number;
  readonly start: number;
  readonly end: number;
}

export interface CoreModule {
  readonly sections: readonly Section[];
  readonly imports: readonly CoreImport[];
  readonly exports: readonly CoreExport[];
  readonly memories: readonly CoreMemory[];
  readonly custom: readonly CustomSection[];
}

export interface CustomSection {
  readonly name: string;
  readonly content: Uint8Array;
}

const NAMES = [
  'custom',
  'type',
  'import',
  'function',
  'table',
  'memory',
  'global',
  'export',
  'start',
  'element',
  'code',
  'data',
  'data count',
  'tag',
];
/** The order in which the numbered sections must come, each at most once. */
const ORDER = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];

/** Calls `each` for every section behind the eight bytes of the preamble. */
export function walkSections(reader: ByteReader, each: (id: number, content: ByteReader) => void): void {
  reader.part(8, 'a preamble');
  for (let count = 1; reader.left > 0; count += 1) {
    if (count > LIMITS.sections) throw overLimit('sections', LIMITS.sections);
    const id = reader.byte();
    each(id, reader.part(reader.u32(), 'a section'));
  }
}

/** @throws Fault `wasm/malformed` or `wasm/limit`. */
export function readModule(reader: ByteReader): CoreModule {
  const sections: Section[] = [];
  const imports: CoreImport[] = [];
  const exports: CoreExport[] = [];
  const memories: CoreMemory[] = [];
  const custom: CustomSection[] = [];
  let place = -1;
  walkSections(reader, (id, content) => {
    const size = content.left;
    if (id === 0) {
      const section = readCustom(content);
      custom.push(section);
      sections.push({ name: `custom:${section.name}`, size });
      return;
    }
    const name = NAMES[id];
    if (name === undefined) throw content.malformed(`a section of the unknown kind ${id}`);
    if (ORDER.indexOf(id) <= place) throw content.malformed(`a second or misplaced ${name} section`);
    place = ORDER.indexOf(id);
    sections.push({ name, size });
    if (id === 2) readImports(content, imports, memories);
    if (id === 5) for (let left = content.count(2); left > 0; left -= 1) memories.push(readMemory(content, false));
    if (id === 7) readExports(content, exports);
    if ((id === 2 || id === 5 || id === 7) && content.left > 0)
      throw content.malformed(`more than its entries in ${name}`);
  });
  return { sections, imports, exports, memories, custom };
}

export function readCustom(content: ByteReader): CustomSection {
  return { name: content.name(), content: content.rest() };
}

function readImports(content: ByteReader, imports: CoreImport[], memories: CoreMemory[]): void {
  for (let left = content.count(4); left > 0; left -= 1) {
    const [module, name, kind] = [content.name(), content.name(), readKind(content)];
    imports.push({ module, name, kind });
    if (kind === 'function') content.u32();
    else if (kind === 'table') {
      skipValueType(content);
      readLimits(content);
    } else if (kind === 'memory') memories.push(readMemory(content, true));
    else if (kind === 'global') {
      skipValueType(content);
      content.byte();
    } else {
      content.byte();
      content.u32();
    }
  }
}

function readExports(content: ByteReader, exports: CoreExport[]): void {
  for (let left = content.count(3); left > 0; left -= 1) {
    exports.push({ name: content.name(), kind: readKind(content) });
    content.u32();
  }
}

function readKind(content: ByteReader): CoreKind {
  const byte = content.byte();
  const kind = CORE_KINDS[byte];
  if (kind === undefined) throw content.malformed(`an import or export of the unknown kind ${byte}`);
  return kind;
}

function readMemory(content: ByteReader, imported: boolean): CoreMemory {
  const start = content.offset;
  return { imported, ...readLimits(content), start, end: content.offset };
}

/** Bits of the flags: 1 a maximum, 2 shared, 4 64-bit. Pages of another size (8) are a proposal that Node does not run. */
function readLimits(content: ByteReader): { flags: number; minimum: bigint; maximum: bigint | null } {
  const flags = content.byte();
  if (flags > 7) throw content.malformed(`limits of the unknown kind ${flags}`);
  const number = () => (flags & 4 ? content.u64() : BigInt(content.u32()));
  const minimum = number();
  return { flags, minimum, maximum: flags & 1 ? number() : null };
}

/** A number or vector type, or a reference type, whose long form (`ref null? heap`) has one more number. */
function skipValueType(content: ByteReader): void {
  const type = content.byte();
  if (type === 0x63 || type === 0x64) content.u32();
}
