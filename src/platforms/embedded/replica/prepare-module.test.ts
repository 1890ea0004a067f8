import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { MISBEHAVE } from '../../../../test/rigs/replica-rig.ts';
import { temporaryFolder } from '../../../kernel/workspace.ts';
import { prepareModule } from './prepare-module.ts';

const cacheFolder = temporaryFolder('slipway-prepare-');
afterEach(() => {
  for (const name of readdirSync(cacheFolder)) rmSync(`${cacheFolder}/${name}`, { recursive: true });
});

const component = readFileSync(MISBEHAVE);

const emptyModule = Buffer.from('0061736d01000000', 'hex');
const emptyComponent = Buffer.from('0061736d0d000100', 'hex');

test('a component is prepared once, whoever asks and however many at once', async () => {
  const folders = await Promise.all([1, 2, 3].map(() => prepareModule({ bytes: component, cacheFolder })));
  expect(new Set(folders).size).toBe(1);
  expect(readdirSync(cacheFolder)).toHaveLength(1);
  const [folder = ''] = folders;
  expect(readdirSync(folder)).toContain('app.core.wasm');
  const { mtimeMs } = statSync(`${folder}/app.js`);
  expect(await prepareModule({ bytes: component, cacheFolder })).toBe(folder);
  expect(statSync(`${folder}/app.js`).mtimeMs).toBe(mtimeMs);
});

test('what is no service is refused with what to build instead, and leaves nothing', async () => {
  const attempt = (bytes: Uint8Array) => prepareModule({ bytes, cacheFolder });
  await expect(attempt(emptyModule)).rejects.toMatchObject({
    code: 'replica/not-a-service',
    hint: expect.stringContaining('wasm32-wasip2') as string,
  });
  await expect(attempt(emptyComponent)).rejects.toMatchObject({
    code: 'replica/not-a-service',
    message: expect.stringContaining('exports nothing') as string,
  });
  await expect(attempt(Buffer.from('#!/bin/sh\n'))).rejects.toMatchObject({ code: 'wasm/malformed' });
  expect(readdirSync(cacheFolder)).toEqual([]);
});

test.each(['wasi:sockets/network@0.2.0', 'wasi:keyvalue/store@0.2.0', 'wasi:http/types@0.3.0', 'own'])(
  'a service that wants %s is refused by name',
  async (wanted) => {
    const bytes = await parse(`(component
      (import "${wanted}" (instance))
      (import "wasi:io/poll@0.2.9" (instance))
      (instance $handler)
      (export "wasi:http/incoming-handler@0.2.0" (instance $handler)))`);
    const message = `The component imports ${wanted}, which no replica lends.`;
    await expect(prepareModule({ bytes, cacheFolder })).rejects.toMatchObject({
      code: 'replica/not-a-service',
      message,
    });
  },
);
