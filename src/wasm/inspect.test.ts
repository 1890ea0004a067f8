import { componentWit, parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { array, assert, nat, property, tuple } from 'fast-check';
import { expect, test } from 'vitest';
import { Fault } from '../kernel/fault.ts';
import { inspectWasm } from './inspect.ts';

const PREAMBLE = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const COMPONENT_PREAMBLE = [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00];

const SERVICE = `(component
  (type $types (instance (export "request" (type (sub resource)))))
  (import "wasi:http/types@0.2.12" (instance $http (type $types)))
  (import "log" (func $log (param "line" string)))
  (type $level u32) (import "level" (type (eq $level)))
  (component $inner (core module (memory 2 9)) (component (core module (memory 1))))
  (core module $m (memory 3) (func (export "handle")))
  (core instance $i (instantiate $m))
  (func $handle (canon lift (core func $i "handle")))
  (instance $handler (export "handle" (func $handle)))
  (export "wasi:http/incoming-handler@0.2.12" (instance $handler))
  (export "wasi:cli/run@0.2.0" (instance $handler)))`;

function codeOf(bytes: Uint8Array | readonly number[]): string {
  try {
    inspectWasm(Uint8Array.from(bytes));
    return 'read';
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
}

test('a component tells its interfaces, its world and the memories of all modules inside', async () => {
  const bytes = await parse(SERVICE);
  const report = inspectWasm(bytes);
  expect(report).toMatchObject({
    kind: 'component',
    size: bytes.length,
    imports: ['level', 'log', 'wasi:http/types@0.2.12'],
    exports: ['wasi:cli/run@0.2.0', 'wasi:http/incoming-handler@0.2.12'],
    world: 'wasi:http/proxy',
  });
  expect(report.memories).toEqual([
    { imported: false, minimum: 2, maximum: 9 },
    { imported: false, minimum: 1, maximum: null },
    { imported: false, minimum: 3, maximum: null },
  ]);
  expect(report.sections.find(({ name }) => name === 'memory')?.size).toBe(3 + 2 + 4 - 1 + 2);
});

test('imports and exports are those that the reference tools print', async () => {
  const bytes = await parse(SERVICE);
  const wit = await componentWit(bytes);
  const report = inspectWasm(bytes);
  for (const name of ['wasi:http/types@0.2.12', 'log']) expect(wit).toMatch(new RegExp(`import ${name}`));
  const exports = wit.matchAll(/export (\S+?);/g).map(([, name]) => name);
  expect(new Set(exports)).toEqual(new Set(report.exports));
});

test('a core module tells imports of every kind, exports, features and producers', async () => {
  const bytes = await parse(`(module
    (import "env" "f" (func (param i32)))
    (import "env" "t" (table 1 2 funcref))
    (import "env" "m" (memory 1 5))
    (import "env" "g" (global (mut (ref null func))))
    (import "env" "e" (tag (param i32)))
    (@producers (language "Rust" "") (processed-by "rustc" "1.95.0"))
    (@custom "target_features" "\\02+\\04simd-\\03mvp")
    (@custom "odd\\1bname" "x")
    (func (export "_start")))`);
  const report = inspectWasm(bytes);
  expect(report).toMatchObject({
    kind: 'module',
    imports: ['env/e', 'env/f', 'env/g', 'env/m', 'env/t'],
    exports: ['_start'],
    world: null,
    producers: { languages: ['Rust'], tools: ['rustc 1.95.0'] },
    targetFeatures: ['simd'],
    memories: [{ imported: true, minimum: 1, maximum: 5 }],
  });
  expect(report.sections.map(({ name }) => name)).toContain('custom:odd\ufffdname');
});

test('a component that only runs is a command, one with an older or newer handler is neither', async () => {
  const exporting = (name: string) =>
    parse(`(component (instance $i) (export "${name}" (instance $i)))`).then((bytes) => inspectWasm(bytes).world);
  expect(await exporting('wasi:cli/run@0.2.0')).toBe('wasi:cli/command');
  expect(await exporting('wasi:http/incoming-handler@0.2.4')).toBe('wasi:http/proxy');
  expect(await exporting('wasi:http/handler@0.3.0')).toBe(null);
});

test('a broken custom section says nothing and spoils nothing', async () => {
  const report = inspectWasm(await parse('(module (@custom "producers" "\\ff\\ff\\ff\\ff\\0f"))'));
  expect(report.producers).toEqual({ languages: [], tools: [] });
});

const HOSTILE: Readonly<Record<string, readonly number[]>> = {
  'nothing at all': [],
  text: [...Buffer.from('(module)')],
  'a preamble cut short': PREAMBLE.slice(0, 7),
  'an old component layer': [0x00, 0x61, 0x73, 0x6d, 0x0a, 0x00, 0x01, 0x00],
  'a section past the end': [...PREAMBLE, 1, 9, 0],
  'a section without a length': [...PREAMBLE, 1],
  'an overlong length': [...PREAMBLE, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
  'a length of 33 bits': [...PREAMBLE, 1, 0xff, 0xff, 0xff, 0xff, 0x1f],
  'sections out of order': [...PREAMBLE, 3, 1, 0, 1, 1, 0],
  'two import sections': [...PREAMBLE, 2, 1, 0, 2, 1, 0],
  'an unknown section': [...PREAMBLE, 20, 0],
  'a custom name longer than its section': [...PREAMBLE, 0, 2, 5, 0x61],
  'a name that is not UTF-8': [...PREAMBLE, 0, 3, 2, 0xff, 0xfe],
  'a million imports in no bytes': [...PREAMBLE, 2, 3, 0xc0, 0x84, 0x3d],
  'bytes behind the last import': [...PREAMBLE, 2, 2, 0, 0],
  'an import of an unknown kind': [...PREAMBLE, 2, 5, 1, 0, 0, 9, 0],
  'memory limits of an unknown kind': [...PREAMBLE, 5, 3, 1, 0x40, 1],
  'a component in place of a module': [...COMPONENT_PREAMBLE, 1, 8, ...COMPONENT_PREAMBLE],
  'an inner module that is cut short': [...COMPONENT_PREAMBLE, 1, 4, 0, 0x61, 0x73, 0x6d],
};

test.each(Object.entries(HOSTILE))('%s is malformed', (_, bytes) => {
  expect(codeOf(bytes)).toBe('wasm/malformed');
});

test('native code is refused by name: ELF and .cwasm, Mach-O, PE', () => {
  for (const start of [
    [0x7f, 0x45, 0x4c, 0x46],
    [0xcf, 0xfa, 0xed, 0xfe],
    [0x4d, 0x5a, 0x90, 0x00],
  ]) {
    expect(codeOf([...start, 0, 0, 0, 0])).toBe('wasm/native-code');
  }
});

test('components nested too deep, too many sections and too many imports are refused, quickly and without recursion', () => {
  let nested: number[] = [...COMPONENT_PREAMBLE];
  for (let depth = 0; depth < 40; depth += 1) nested = [...COMPONENT_PREAMBLE, 4, ...leb(nested.length), ...nested];
  expect(codeOf(nested)).toBe('wasm/limit');

  expect(codeOf([...PREAMBLE, ...Array.from({ length: 10_001 }, () => [0, 1, 0]).flat()])).toBe('wasm/limit');

  const count = 100_001;
  const content = [...leb(count), ...Array.from({ length: count }, () => [0, 0, 0, 0]).flat()];
  expect(codeOf([...PREAMBLE, 2, ...leb(content.length), ...content])).toBe('wasm/limit');
});

test('whatever the bytes, the reader answers with a report or a Fault', async () => {
  const sound = await parse(SERVICE);
  assert(
    property(array(tuple(nat(sound.length - 1), nat(255)), { maxLength: 8 }), (changes) => {
      const bytes = Uint8Array.from(sound);
      for (const [at, value] of changes) bytes[at] = value;
      expect(codeOf(bytes)).toMatch(/^(read|wasm\/[a-z-]+)$/);
    }),
    { numRuns: 2000 },
  );
});

test('a file cut at any byte is never read as whole, unless it ends between two sections', async () => {
  const sound = await parse('(module (import "a" "b" (func)) (memory 1) (func (export "x")))');
  let read = 0;
  for (let length = 0; length < sound.length; length += 1) {
    if (codeOf(sound.subarray(0, length)) === 'read') read += 1;
  }
  expect(read).toBe(inspectWasm(sound).sections.length);
});

function leb(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...leb(Math.floor(value / 128))];
}
