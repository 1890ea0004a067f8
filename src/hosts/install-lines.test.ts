import { describe, expect, test } from 'vitest';
import { graphOf } from '../../test/hosts/project-graph.ts';
import { HOSTS } from './host-generator.ts';
import { openGenerator } from './index.ts';
import { SHIPPED_PINS } from './pins.ts';

const PROJECT = 'service: greeter\nenvironments: { production: { from: main } }\n';

/** The part of a file from the rollback on, which all hosts write last, and the part before. */
const SPLIT = {
  github: 'rollback-production:\n',
  gitlab: 'rollback-production:\n',
  jenkins: "stage('rollback-",
} as const;

describe.each(HOSTS)('on %s a rollback', (host) => {
  async function partsOf(project: string): Promise<readonly string[]> {
    const generator = await openGenerator(host);
    return generator.generate(graphOf(project), SHIPPED_PINS).text.split(SPLIT[host]);
  }

  test('installs Slipway and no toolchain', async () => {
    const [before, rollback, ...more] = await partsOf(PROJECT);
    expect(more).toEqual([]);
    expect(before).toMatch(/npm install --global slipway@/);
    expect(before).toMatch(/rustup target add/);
    expect(rollback).toMatch(/npm install --global slipway@/);
    expect(rollback).not.toMatch(/rustup/);
  });

  test('installs what the project says where it says something', async () => {
    const own = await partsOf(`${PROJECT}ci: { install: [./fetch-tools] }\n`);
    expect(own.join('')).toContain('./fetch-tools');
    expect(own.join('')).not.toContain('npm install');
    expect((await partsOf(`${PROJECT}ci: { install: [] }\n`)).join('')).not.toMatch(/npm install|before_script/);
  });
});
