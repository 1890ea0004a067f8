import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createRig, GATEWAY } from '../../../../../test/rigs/replica-rig.ts';
import { systemClock } from '../../../../kernel/clock.ts';
import { temporaryFolder } from '../../../../kernel/workspace.ts';
import { prepareModule } from '../prepare-module.ts';
import type { Service, ServiceAnswer } from '../service-answer.ts';
import { loadService } from '../service.ts';

const work = temporaryFolder('slipway-command-');
const log = join(work, 'stderr.log');
const errors = openSync(log, 'a');
const rig = createRig(GATEWAY);
afterAll(async () => {
  closeSync(errors);
  await rig.close();
  rmSync(work, { recursive: true });
});

const BOUND = 24 * 1024 * 1024;

async function load(folder: string): Promise<Service> {
  const output = { stdout: errors, stderr: errors };
  return loadService({ folder, memory: BOUND, environment: { GREETING: 'grüß dich' }, clock: systemClock, output });
}

/** A service of a module that is written in its text form. */
async function loadText(text: string): Promise<Service> {
  const bytes = await parse(text);
  return load(await prepareModule({ bytes, cacheFolder: mkdtempSync(join(work, 'text-')) }));
}

interface Asked {
  readonly method?: string;
  readonly body?: string;
}

function ask(service: Service, path: string, { method = 'GET', body = '' }: Asked = {}): ServiceAnswer {
  const authority = 'gateway.localhost';
  return service.answer({ method, path, authority, headers: [], body: Buffer.from(body), trailers: [] });
}

/** Status and body of an answer; of a failed one what kind of failure it is, and what the client is told. */
function read(answer: ServiceAnswer): readonly (string | number)[] {
  if (answer.kind === 'failed') return [answer.why, answer.status, answer.text];
  return [answer.status, Buffer.concat(answer.body?.chunks() ?? []).toString()];
}

const service = rig.prepared().then(load);

describe('a command of WASI preview 1', () => {
  test('is run for each request: body on standard input, answer on standard output', async () => {
    expect(read(ask(await service, '/ok'))).toEqual([200, 'ok\n']);
    expect(read(ask(await service, '/echo', { method: 'POST', body: 'whole\0body' }))).toEqual([200, 'whole\0body']);
    expect(read(ask(await service, '/nothing'))).toEqual([404, 'no such route\n']);
    expect(read(ask(await service, '/arguments'))).toEqual([200, 'service']);
  });

  test('sees the request and the configuration in its environment, and nothing of ours', async () => {
    const [, text = ''] = read(ask(await service, '/env?a=b'));
    const names = String(text)
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0]);
    expect(text).toContain('QUERY_STRING=a=b\n');
    expect(text).toContain('GREETING=grüß dich\n');
    expect(names).not.toContain('PATH');
    expect(names).not.toContain('HOME');
  });

  test('gets an instance of its own each time, with no memory of the one before', async () => {
    expect(read(ask(await service, '/count'))).toEqual([200, '1\n']);
    expect(read(ask(await service, '/count'))).toEqual([200, '1\n']);
  });

  test('knows the time and can wait', async () => {
    const [, seconds = 0] = read(ask(await service, '/time'));
    expect(Math.abs(Number(seconds) - Date.now() / 1000)).toBeLessThan(5);
    const began = performance.now();
    expect(read(ask(await service, '/sleep?50'))).toEqual([200, 'slept true\n']);
    expect(performance.now() - began).toBeGreaterThanOrEqual(49);
  });

  test('reaches no file and no network', async () => {
    expect(read(ask(await service, '/reach'))).toEqual([200, 'refused refused refused refused\n']);
  });

  test('that traps or wants too much memory fails for that request only', async () => {
    expect(read(ask(await service, '/trap'))).toEqual(['trap', 500, 'The service trapped: unreachable.']);
    const tooMuch = `The service wanted more than its ${BOUND} bytes of memory.`;
    expect(read(ask(await service, '/allocate'))).toEqual(['out-of-memory', 500, tooMuch]);
    expect(read(ask(await service, '/endless')).slice(0, 2)).toEqual(['trap', 500]);
    expect(read(ask(await service, '/ok'))).toEqual([200, 'ok\n']);
  });

  test('that ends with another exit code than 0 gives no answer, whatever it has written', async () => {
    const ended = ['error', 502, 'The service gave no answer: it ended with exit code 3.'];
    expect(read(ask(await service, '/exit?3'))).toEqual(ended);
    expect(read(ask(await service, '/exit?0'))).toEqual([200, 'never seen\n']);
  });

  test('that writes no head gives no answer', async () => {
    expect(read(ask(await service, '/silent')).slice(0, 2)).toEqual(['error', 502]);
    expect(read(ask(await service, '/raw', { body: 'Hello' })).slice(0, 2)).toEqual(['error', 502]);
    expect(read(ask(await service, '/raw', { body: 'Status: 201\\r\\n\\r\\nmade' }))).toEqual([201, 'made']);
  });

  test('has its standard error in the log, line by line, also what does not end with one', async () => {
    ask(await service, '/log?hello');
    const lines = readFileSync(log, 'utf8').split('\n');
    expect(lines).toContain('err hello');
    expect(lines).toContain('and a line that does not end');
  });

  test('keeps no memory from one request to the next', async () => {
    for (let round = 0; round < 200; round += 1) ask(await service, '/big?100000');
    expect((await service).memory()).toBeLessThan(4 * 1024 * 1024);
  });
});

const HEAD = `(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\08\\00\\00\\00\\05\\00\\00\\00a: b\\n\\n")
  (func $exit_with (param i32) (if (local.get 0) (then unreachable)))`;

/** A module of which `_start` does this, and that answers well unless it has trapped. */
const doing = (body: string): string =>
  `${HEAD} (func (export "_start") ${body} (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64)))
    (i32.store8 (i32.const 8) (i32.const 10)) (i32.store (i32.const 4) (i32.const 1))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64)))))`;

describe('a module that does by hand what no compiler writes', () => {
  test('answers, when all is well', async () => {
    expect(read(ask(await loadText(doing('')), '/'))).toEqual([200, '']);
  });

  test.each([
    [
      'a list of pieces out of its memory',
      '(call $write (i32.const 1) (i32.const 0x7ffffff0) (i32.const 1) (i32.const 64))',
    ],
    [
      'a list of pieces at the end of all addresses',
      '(call $write (i32.const 1) (i32.const -8) (i32.const 1) (i32.const 64))',
    ],
    ['random bytes out of its memory', '(call $random (i32.const 65535) (i32.const 2))'],
  ])('is ended when it names %s', async (_what, call) => {
    expect(read(ask(await loadText(doing(`(drop ${call})`)), '/')).slice(0, 2)).toEqual(['trap', 500]);
  });

  test.each([
    [
      'opening what it was not given',
      8,
      '(call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 64))',
    ],
    ['writing to what it was not given', 8, '(call $write (i32.const 3) (i32.const 0) (i32.const 1) (i32.const 64))'],
    ['writing to standard input', 8, '(call $write (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 64))'],
    ['reading standard output', 8, '(call $read (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64))'],
    ['writing more pieces than it may', 28, '(call $write (i32.const 1) (i32.const 0) (i32.const -1) (i32.const 64))'],
    ['waiting for more than it may', 28, '(call $poll (i32.const 0) (i32.const 0) (i32.const 1025) (i32.const 64))'],
    ['waiting for nothing', 28, '(call $poll (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 64))'],
  ])('is told error %#: %s', async (_what, code, call) => {
    const checked = `(call $exit_with (i32.ne ${call} (i32.const ${code})))`;
    expect(read(ask(await loadText(doing(checked)), '/'))).toEqual([200, '']);
  });
});

describe('a module that is no service', () => {
  test.each([
    ['(module (memory (export "memory") 1))', 'does not export _start'],
    ['(module (func (export "_start")))', 'does not export memory'],
    [
      '(module (import "env" "f" (func)) (memory (export "memory") 1) (func (export "_start")))',
      'imports env/f, which no replica lends',
    ],
    [
      '(module (import "wasi_snapshot_preview1" "teleport" (func)) (memory (export "memory") 1) (func (export "_start")))',
      'imports wasi_snapshot_preview1/teleport, which no replica lends',
    ],
  ])('is refused before it is started: %#', async (text, reason) => {
    await expect(loadText(text)).rejects.toMatchObject({
      code: 'replica/not-a-service',
      message: expect.stringContaining(reason) as string,
    });
  });

  test('starts with more memory than it may have, and is told so', async () => {
    const large = '(module (memory (export "memory") 1000) (func (export "_start")))';
    await expect(loadText(large)).rejects.toMatchObject({ code: 'wasm/memory-bound' });
  });
});
