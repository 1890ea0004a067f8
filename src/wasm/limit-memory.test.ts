import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { expect, test } from 'vitest';
import { inspectWasm } from './inspect.ts';
import { limitMemory } from './limit-memory.ts';

const GROW = '(func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))';

function run(bytes: Uint8Array, imports: WebAssembly.Imports = {}): (pages: number) => unknown {
  const { grow } = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports;
  if (typeof grow !== 'function') throw new TypeError('no grow');
  return (pages) => grow(pages);
}

test('memory grows up to the bound and not beyond', async () => {
  const free = await parse(`(module (memory (export "memory") 2) ${GROW} (data (i32.const 0) "kept"))`);
  const grow = run(limitMemory(free, 5));
  expect([grow(3), grow(1)]).toEqual([2, -1]);
  expect(run(free)(3000)).toBe(2);
});

test('a higher maximum is lowered, a lower one is kept', async () => {
  const maximum = async (text: string) => inspectWasm(limitMemory(await parse(text), 5)).memories[0]?.maximum;
  expect(await maximum('(module (memory 1 1000))')).toBe(5);
  expect(await maximum('(module (memory 1 3))')).toBe(3);
  expect(await maximum('(module (memory i64 1))')).toBe(5);
});

test('an imported memory must be bounded by whoever lends it', async () => {
  const bounded = limitMemory(await parse(`(module (import "env" "m" (memory 1)) ${GROW})`), 4);
  const lend = (maximum: number) => ({ env: { m: new WebAssembly.Memory({ initial: 1, maximum }) } });
  expect(run(bounded, lend(4))(4)).toBe(-1);
  expect(() => run(bounded, lend(5))).toThrow(WebAssembly.LinkError);
});

test('the section length keeps right when the number gets longer', async () => {
  const many = Array.from({ length: 40 }, (_, index) => `(import "env" "f${index}" (func))`).join('');
  const bounded = limitMemory(await parse(`(module ${many} (import "env" "m" (memory 1)))`), 60_000);
  expect(WebAssembly.validate(bounded)).toBe(true);
  expect(inspectWasm(bounded).memories).toEqual([{ imported: true, minimum: 1, maximum: 60_000 }]);
});

test('what starts above the bound is refused with both numbers, several memories are refused', async () => {
  const large = await parse('(module (memory 10))');
  expect(() => limitMemory(large, 9)).toThrow(/starts with 10 pages .* may have 9/);
  const two = await parse('(module (memory 1) (memory 1))');
  expect(() => limitMemory(two, 9)).toThrow(expect.objectContaining({ code: 'wasm/memory-bound' }));
});

test('a module without memory comes back as it was', async () => {
  const none = await parse('(module (func (export "x")))');
  expect(limitMemory(none, 1)).toBe(none);
});
