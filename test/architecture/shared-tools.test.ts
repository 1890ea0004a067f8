import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../src/kernel/workspace.ts';
import { sharedFolder, sharedTool, unpackedArchive } from '../rigs/shared-tools.ts';

let folder: string;
let env: Record<string, string>;

beforeEach(() => {
  folder = temporaryFolder();
  env = { SLIPWAY_SHARED: join(folder, 'shared'), XDG_CACHE_HOME: join(folder, 'cache') };
  mkdirSync(join(folder, 'shared/peers'), { recursive: true });
  writeFileSync(join(folder, 'act'), '#!/bin/sh\n', { mode: 0o755 });
  execFileSync('tar', ['-cJf', join(folder, 'shared/peers/tools.tar.xz'), '-C', folder, 'act']);
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('programs that lie packed beside the checkout', () => {
  test('are unpacked once, whoever asks at once', async () => {
    // As another process would: what this one knows already is told apart by how the path is written.
    symlinkSync('shared', join(folder, 'other'));
    const other = { ...env, SLIPWAY_SHARED: join(folder, 'other') };
    const paths = await Promise.all([env, env, other].map((one) => sharedTool('act', one)));
    expect(new Set(paths).size).toBe(1);
    expect(readFileSync(paths[0] ?? '', 'utf8')).toBe('#!/bin/sh\n');
    expect(readdirSync(join(folder, 'cache/slipway-tests'))).toHaveLength(1);
  });

  test('are absent where there is no such folder, archive or program', async () => {
    expect(sharedFolder({ SLIPWAY_SHARED: '' })).toBeNull();
    expect(sharedFolder({ SLIPWAY_SHARED: join(folder, 'nowhere') })).toBeNull();
    expect(await sharedTool('act', { ...env, SLIPWAY_SHARED: join(folder, 'nowhere') })).toBeNull();
    expect(await sharedTool('crane', env)).toBeNull();
    expect(await unpackedArchive('cluster/kubetest.tar.xz', env)).toBeNull();
  });

  test('leave nothing half unpacked when the archive is damaged', async () => {
    writeFileSync(join(folder, 'shared/peers/tools.tar.xz'), 'no archive');
    await expect(sharedTool('act', env)).rejects.toThrow('could not be unpacked');
    expect(readdirSync(join(folder, 'cache/slipway-tests'))).toEqual([]);
  });
});
