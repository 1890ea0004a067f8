/**
 * What compilers write beside the code: who made it (`producers`) and which instructions it uses (`target_features`;
 * both from WebAssembly/tool-conventions). They are hints: a section that breaks its own format says nothing, and the
 * module stays valid.
 */

import { Fault } from '../kernel/fault.ts';
import { createByteReader, type ByteReader } from './byte-reader.ts';
import type { CustomSection } from './module-reader.ts';

export type Producers = {
  /** `Rust`, `C11`. */
  readonly languages: readonly string[];
  /** `rustc 1.95.0 (59807616e 2026-04-14)`, `wit-component 0.245.1`. */
  readonly tools: readonly string[];
};

/** Those of all the modules and of the component itself, sorted, each once. */
export function readProducers(custom: readonly CustomSection[]): Producers {
  const languages = new Set<string>();
  const tools = new Set<string>();
  for (const section of custom.filter(({ name }) => name === 'producers')) {
    for (const { field, value, version } of orNothing(section, readProducerEntries)) {
      (field === 'language' ? languages : tools).add(version === '' ? value : `${value} ${version}`);
    }
  }
  return { languages: [...languages].sort(), tools: [...tools].sort() };
}

/** Features that the module uses, as its compiler named them: `bulk-memory`. Absent from stripped modules. */
export function readTargetFeatures(custom: readonly CustomSection[]): readonly string[] {
  const used = custom
    .filter(({ name }) => name === 'target_features')
    .flatMap((section) => orNothing(section, readFeatureEntries));
  return [...new Set(used)].sort();
}

function readProducerEntries(reader: ByteReader): { field: string; value: string; version: string }[] {
  return Array.from({ length: reader.count(2) }, () => {
    const field = reader.name();
    return Array.from({ length: reader.count(2) }, () => ({ field, value: reader.name(), version: reader.name() }));
  }).flat();
}

function readFeatureEntries(reader: ByteReader): string[] {
  const entries = Array.from({ length: reader.count(2) }, () => ({ prefix: reader.byte(), name: reader.name() }));
  return entries.filter(({ prefix }) => prefix === '+'.charCodeAt(0)).map(({ name }) => name);
}

function orNothing<Entry>(section: CustomSection, read: (reader: ByteReader) => Entry[]): Entry[] {
  try {
    return read(createByteReader(section.content));
  } catch (error) {
    if (error instanceof Fault) return [];
    throw error;
  }
}
