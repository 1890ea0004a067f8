import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../kernel/workspace.ts';
import { inCi } from './terminal.ts';

test.each([
  [{}, false],
  [{ CI: '' }, false],
  [{ CI: 'false' }, false],
  [{ CI: 'true' }, true],
  [{ CI: '1' }, true],
])('%j is CI: %s', (env, expected) => {
  expect(inCi(env)).toBe(expected);
});

test('mistakes in the project file are coloured only where colours are wanted', () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'slipway.yaml'), 'service: greeter\nreplicas: 2\nbuild: { toolchain: rust }\n');
  const config = (env: Readonly<Record<string, string>>): string => {
    const main = join(import.meta.dirname, 'main.ts');
    const options = { cwd: folder, env: { PATH: process.env['PATH'] ?? '', SLIPWAY_HOME: folder, ...env } };
    const said = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', main, 'config'], options);
    expect(said.status).toBe(2);
    return said.stderr.toString();
  };
  expect(config({ FORCE_COLOR: '1' })).toContain('\u001B[31m');
  for (const env of [{ FORCE_COLOR: '1', NO_COLOR: '1' }, {}]) {
    expect(config(env)).toContain('config/unknown-key');
    expect(config(env)).not.toContain('\u001B[');
  }
  rmSync(folder, { recursive: true });
});
