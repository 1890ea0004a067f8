import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { expect, test } from 'vitest';
import { sha256 } from '../kernel/digest.ts';
import { componentFromCore, transpileComponent, transpilerIdentity } from './component-tools.ts';

const COMPONENT = `(component
  (import "acme:greeter/names@1.0.0" (instance $names (export "count" (func (result u32)))))
  (core module $m
    (import "names" "count" (func $count (result i32)))
    (func (export "twice") (result i32) (i32.mul (call $count) (i32.const 2))))
  (core func $count (canon lower (func $names "count")))
  (core instance $i (instantiate $m (with "names" (instance (export "count" (func $count))))))
  (func (export "twice") (result u32) (canon lift (core func $i "twice"))))`;

test('a transpiled component runs with the imports that it names, and comes out the same every time', async () => {
  const component = await parse(COMPONENT);
  const first = await transpileComponent(component);
  expect(first.imports).toEqual(['acme:greeter/names']);
  expect(first.exports).toEqual(['twice']);

  const source = Buffer.from(first.files.get('app.js') ?? []).toString('base64');
  const app = (await import(`data:text/javascript;base64,${source}`)) as {
    instantiate(core: (name: string) => WebAssembly.Module, imports: object): { twice(): number };
  };
  const instance = app.instantiate((name) => new WebAssembly.Module(Buffer.from(first.files.get(name) ?? [])), {
    'acme:greeter/names': { count: () => 21 },
  });
  expect(instance.twice()).toBe(42);

  const second = await transpileComponent(component);
  const digests = (files: ReadonlyMap<string, Uint8Array>) => [...files].map(([name, bytes]) => [name, sha256(bytes)]);
  expect(digests(second.files)).toEqual(digests(first.files));
});

test('the transpiler names its version', () => {
  expect(transpilerIdentity()).toMatch(/^jco-transpile@\d+\.\d+\.\d+\/\d+$/);
});

test('text is not taken for a component, though the tools themselves would read it', async () => {
  await expect(transpileComponent(Buffer.from('(component)'))).rejects.toMatchObject({ code: 'wasm/malformed' });
});

test('a core module, a truncated component and native code are refused for what they are', async () => {
  const component = await parse(COMPONENT);
  await expect(transpileComponent(await parse('(module)'))).rejects.toMatchObject({ code: 'wasm/wrong-kind' });
  await expect(transpileComponent(component.subarray(0, 60))).rejects.toMatchObject({ code: 'wasm/tool-failed' });
  await expect(transpileComponent(Buffer.from('\u007fELF and more'))).rejects.toMatchObject({
    code: 'wasm/native-code',
  });
});

test('a core module without an interface makes a component, one with preview 1 imports does not', async () => {
  const component = await componentFromCore(await parse('(module (func (export "x")))'));
  expect(Buffer.from(component.subarray(0, 8)).toString('hex')).toBe('0061736d0d000100');
  const old = await parse('(module (import "wasi_snapshot_preview1" "sched_yield" (func (result i32))))');
  await expect(componentFromCore(old)).rejects.toMatchObject({ code: 'wasm/tool-failed' });
});
