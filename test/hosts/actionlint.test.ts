/** actionlint, which knows more than GitHub's parser: labels of runners, inputs of actions, shell. */

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { githubGenerator } from '../../src/hosts/github/index.ts';
import { SHIPPED_PINS } from '../../src/hosts/pins.ts';
import { runCommand } from '../../src/kernel/subprocess.ts';
import { temporaryFolder } from '../../src/kernel/workspace.ts';
import { sharedTool } from '../rigs/shared-tools.ts';
import { graphOf } from './project-graph.ts';

const actionlint = await sharedTool('actionlint');
if (actionlint === null) process.stderr.write('skipped: there is no actionlint in ../shared/peers\n');

const PROJECTS = join(import.meta.dirname, 'projects');

/** What it finds, a line each. Runs on the texts as `<name>.yml`. */
async function findingsIn(texts: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const scratch = temporaryFolder();
  onTestFinished(() => rmSync(scratch, { recursive: true }));
  const folder = join(scratch, '.github/workflows');
  mkdirSync(folder, { recursive: true });
  const files = Object.entries(texts).map(([name, text]) => {
    const path = join(folder, `${name}.yml`);
    writeFileSync(path, text);
    return path;
  });
  // Labels of one's own runners are told to it by a file.
  const config = join(folder, '../actionlint.yaml');
  writeFileSync(config, 'self-hosted-runner: { labels: [own-linux, own-production] }\n');
  const { stdout } = await runCommand({
    program: actionlint ?? '',
    // `queue` is newer than it.
    args: ['-oneline', '-config-file', config, '-ignore', 'unexpected key "queue" for "concurrency"', ...files],
    cwd: join(folder, '../..'),
    env: { PATH: process.env['PATH'] ?? '' },
  });
  return stdout.split('\n').filter((line) => line !== '');
}

test.skipIf(actionlint === null)('actionlint has nothing to say about the workflow of any project', async () => {
  const texts = readdirSync(PROJECTS).map((file) => {
    const graph = graphOf(readFileSync(join(PROJECTS, file), 'utf8'));
    return [file.replace('.yaml', ''), githubGenerator.generate(graph, SHIPPED_PINS).text] as const;
  });
  expect(texts.length).toBeGreaterThanOrEqual(16);
  expect(await findingsIn(Object.fromEntries(texts))).toEqual([]);
});

test.skipIf(actionlint === null)('actionlint does look', async () => {
  const { text } = githubGenerator.generate(graphOf('service: greeter\n'), SHIPPED_PINS);
  const planted = {
    runner: text.replaceAll('ubuntu-24.04', 'ubuntu-18.04'),
    need: text.replace('needs: [check', 'needs: [chekc'),
    injection: text.replace('run: slipway run check', 'run: echo ${{ github.event.pull_request.title }}'),
  };
  const findings = await findingsIn(planted);
  for (const name of Object.keys(planted)) {
    expect(findings.filter((line) => line.includes(`${name}.yml`)).length).toBeGreaterThan(0);
  }
});
