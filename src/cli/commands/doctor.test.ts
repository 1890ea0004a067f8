import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { plainTerminal } from '../../../test/rigs/terminal-rig.ts';
import { temporaryFolder } from '../../kernel/workspace.ts';
import { runDoctor } from './doctor.ts';

const folder = temporaryFolder('slipway-doctor-');
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const clean = file('Dockerfile', 'FROM scratch\n');
const bad = file('Dockerfile.old', 'FROM bitnami/kubectl:latest\n');

async function doctor(paths: readonly string[], json = false) {
  const terminal = plainTerminal();
  const code = await runDoctor(terminal, { paths, json });
  return { code, printed: terminal.printed(), noted: terminal.noted() };
}

test('a clean file is no finding and exit code 0', async () => {
  expect(await doctor([clean])).toEqual({ code: 0, printed: '', noted: '0 findings in 1 file\n' });
});

test('a finding is shown where it stands, and the exit code is 1', async () => {
  const { code, printed, noted } = await doctor([clean, bad]);
  expect([code, noted]).toEqual([1, '1 finding in 2 files\n']);
  expect(printed).toContain(`${bad}:1:6: image/bitnami: `);
});

test('as JSON it is all that was found', async () => {
  const { code, printed, noted } = await doctor([bad], true);
  expect([code, noted]).toEqual([1, '']);
  expect(JSON.parse(printed)).toMatchObject({
    files: [bad],
    findings: [{ code: 'image/bitnami', file: bad, line: 1, column: 6, sourceLine: 'FROM bitnami/kubectl:latest' }],
    unreadable: [],
  });
});

test('a file that can not be read is exit code 2, and the others are looked at all the same', async () => {
  const { code, printed, noted } = await doctor([join(folder, 'gone'), bad]);
  expect(code).toBe(2);
  expect(printed).toContain('image/bitnami');
  expect(noted).toContain(`error ${join(folder, 'gone')} is not there\n`);
});
