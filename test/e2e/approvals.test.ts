/**
 * What a CI job sees of a delivery that needs people, gates and other environments: a real agent with stub replicas, and
 * the command line's own code with a project in a folder. The pipeline is left out: the image is there already.
 */

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { rollOut } from '../../src/cli/commands/deploy.ts';
import { createHostTerminal } from '../../src/cli/host-terminal.ts';
import type { HistoryDocument } from '../../src/cli/report/history-document.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import { detectHost } from '../../src/hosts/index.ts';
import { sha256 } from '../../src/kernel/digest.ts';
import { temporaryFolder } from '../../src/kernel/workspace.ts';
import { createCache } from '../../src/pipeline/index.ts';
import { loadProject } from '../../src/project/index.ts';
import { ensureAgent, openSystem, type System } from '../../src/system.ts';
import { type AgentRig, createAgentRig } from '../rigs/agent-rig.ts';
import { plainTerminal } from '../rigs/terminal-rig.ts';

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');

let folder: string;
beforeEach(() => {
  folder = temporaryFolder('slipway-project-');
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Said {
  readonly code: number | null;
  readonly text: string;
}

interface Project {
  /** As `slipway deploy ENVIRONMENT` in a CI job does once the image is made. */
  deploy(environment: string, image?: string): Promise<Said>;
  /** The same with `--approved-by-host`, in a run of GitHub. */
  deployBehindGate(environment: string, run: number): Promise<Said>;
  /** The command line in a process of its own. */
  slipway(...args: readonly string[]): Said;
}

async function createProject(rig: AgentRig, environments: string, branch = 'main'): Promise<Project> {
  writeFileSync(join(folder, 'slipway.yaml'), `service: greeter\nbuild: { toolchain: rust }\n${environments}`);
  const { project, problems } = await loadProject({ folder });
  if (project === null) throw new Error(JSON.stringify(problems));
  const env = { ...process.env, SLIPWAY_HOME: rig.home, CI: 'true', GREETING: 'a secret greeting' };
  const system: System = openSystem(env);
  const deploy = async (environment: string, image: string, run?: number): Promise<Said> => {
    const plain = plainTerminal();
    const terminal = run === undefined ? plain : { ...plain, ...hostOf(run) };
    const commit = '0'.repeat(40);
    const revision = { commit, short: commit.slice(0, 12), kind: 'branch', name: branch, dirty: 0 } as const;
    const cache = createCache({ folder: system.cache, clock: system.clock });
    const session = { folder, project, revision, tasks: [], cache };
    const scene = { system, terminal, session, signal: new AbortController().signal };
    const approvedByHost = run !== undefined;
    const code = await rollOut(scene, { image: sha256(image), environment, wait: true, approvedByHost });
    return { code, text: terminal.printed() + terminal.noted() };
  };
  return {
    deploy: (environment, image = 'image') => deploy(environment, image),
    deployBehindGate: (environment, run) => deploy(environment, 'image', run),
    slipway(...args) {
      const options = { cwd: folder, env, encoding: 'utf8' } as const;
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        ['--disable-warning=ExperimentalWarning', MAIN, ...args],
        options,
      );
      return { code: status, text: stdout + stderr };
    },
  };
}

/** What a terminal has in a job. */
function hostOf(run: number): Pick<Terminal, 'host'> {
  const bridge = detectHost({ GITHUB_ACTIONS: 'true', GITHUB_RUN_ID: String(run) });
  if (bridge === null) throw new Error('no host');
  const { host } = createHostTerminal({}, bridge);
  return host === undefined ? {} : { host };
}

/** Nothing is judged in it, so a first deployment need not be watched for half a minute. */
const FAST = 'strategy: rolling';

describe('a release that needs an approval', () => {
  test('lets a CI job end with 4; once approved, the next deployment goes on to its end', async () => {
    await using rig = createAgentRig();
    await rig.start();
    const project = await createProject(
      rig,
      `environments: { local: { approval: { count: 2, by: [ana, leads] }, ${FAST} } }`,
    );
    const waiting = await project.deploy('local');
    expect(waiting.code).toBe(4);
    expect(waiting.text).toContain('"slipway approve local" ends it');
    // Nothing of it runs before.
    expect(rig.view().now).toMatchObject({ phase: 'paused', reason: 'approval', ready: {}, shares: {} });

    expect(project.slipway('approve', '--as', 'mallory')).toMatchObject({
      code: 1,
      text: expect.stringContaining('delivery/not-an-approver') as string,
    });
    const first = project.slipway('approve', 'local', '--as', 'ana');
    expect(first).toMatchObject({ code: 0, text: expect.stringContaining('recorded, not authenticated') as string });
    expect((await project.deploy('local')).code).toBe(4);
    expect(project.slipway('status').text).toMatch(/approved by ana \(recorded, not authenticated\), 1 of 2/);

    expect(project.slipway('approve', '--as', 'ben', '--group', 'leads').code).toBe(0);
    const done = await project.deploy('local');
    expect(done).toMatchObject({ code: 0, text: expect.stringMatching(/approved by ben|promoted/) as string });
    expect(project.slipway('why').text).toMatch(/approved by ana .*recorded, not authenticated/);
    const history = JSON.parse(project.slipway('history', '--json').text) as HistoryDocument;
    expect(history.rollouts[0]).toMatchObject({
      outcome: 'promoted',
      approvals: [{ by: 'ana' }, { by: 'ben', groups: ['leads'] }],
    });
    expect(history.rollouts[0]?.duration?.held).toBeGreaterThan(0);
  });

  test('is aborted by a no, and says whose', async () => {
    await using rig = createAgentRig();
    await rig.start();
    const project = await createProject(rig, `environments: { local: { approval: 1, ${FAST} } }`);
    expect((await project.deploy('local')).code).toBe(4);
    expect(project.slipway('reject', '--as', 'ana', '--because', 'not on a Friday').code).toBe(0);
    expect(rig.view().now?.phase).toBe('aborted');
    const again = await project.deploy('local');
    expect(again).toMatchObject({
      code: 1,
      text: expect.stringContaining('rejected by ana: not on a Friday') as string,
    });
  });

  test('is let through by the gate of a CI system, as one approval and for one who may', async () => {
    await using rig = createAgentRig();
    await rig.start();
    const approval = '{ count: 2, by: [ana] }';
    const project = await createProject(rig, `environments: { local: { approval: ${approval}, ${FAST} } }`);
    const gate = /the gate of GitHub's environment local \(run 7\)/;
    const waiting = await project.deployBehindGate('local', 7);
    expect(waiting.code).toBe(4);
    expect(waiting.text).toMatch(/approved #1 \(the host vouches for whom it asked, Slipway has not\); #1 waits for 2/);
    // The job runs again, and the host has been asked again.
    const again = await project.deployBehindGate('local', 8);
    expect(again).toMatchObject({ code: 4, text: expect.stringContaining('a gate has approved #1 already') as string });
    expect(project.slipway('status').text).toMatch(/\(run 7\) \(the host vouches, not Slipway\), 1 of 2/);
    expect(project.slipway('approve', 'local', '--as', 'ana').code).toBe(0);
    expect((await project.deployBehindGate('local', 8)).code).toBe(0);
    expect(project.slipway('why').text).toMatch(gate);
  });

  test('is not let through by a gate where there is none', async () => {
    await using rig = createAgentRig();
    await rig.start();
    const project = await createProject(rig, `environments: { local: { approval: 1, ${FAST} } }`);
    expect(project.slipway('deploy', 'local', '--approved-by-host')).toMatchObject({
      code: 2,
      text: expect.stringContaining('cli/no-host') as string,
    });
  });

  test('by the branch that it comes from asks for one where the environment itself asks nobody', async () => {
    await using rig = createAgentRig();
    await rig.start();
    const environments = `branches: gitflow\nenvironments: { production: { ${FAST} } }`;
    const hotfix = await createProject(rig, environments, 'hotfix/login');
    expect((await hotfix.deploy('production')).code).toBe(4);
    expect(hotfix.slipway('approve', 'production', '--as', 'ana').code).toBe(0);
    const main = await createProject(rig, environments, 'main');
    expect((await main.deploy('production', 'another image')).code).toBe(0);
  });
});

describe('a release with gates', () => {
  test('is tested end to end by the script of the project, which knows where it answers', async () => {
    await using rig = createAgentRig();
    await rig.start();
    const script = `#!/bin/sh
echo "$SLIPWAY_URL" >> asked
exec node -e '
  const url = new URL(process.env.SLIPWAY_URL);
  const options = { host: "127.0.0.1", port: url.port, path: "/headers", headers: { host: url.host } };
  require("node:http").get(options, ({ statusCode, headers }) => {
    process.exit(statusCode === 200 && headers["x-slipway-release"] === process.env.EXPECTED_RELEASE ? 0 : 1);
  });
'
`;
    const write = (release: number): void => {
      writeFileSync(join(folder, 'e2e.sh'), script.replace('process.env.EXPECTED_RELEASE', `"${release}"`));
      chmodSync(join(folder, 'e2e.sh'), 0o755);
    };
    write(1);
    const strategy = 'strategy: { blueGreen: { keep: 10s } }';
    const yaml = `tests: { e2e: { run: ./e2e.sh } }\nenvironments: { local: { gates: { e2e: true }, ${strategy} } }`;
    const project = await createProject(rig, yaml);
    expect(await project.deploy('local')).toMatchObject({ code: 0 });
    // It still expects #1, so it fails on #2: the preview is asked, not what users get.
    const failed = await project.deploy('local', 'another image');
    expect(failed).toMatchObject({
      code: 1,
      text: expect.stringContaining('./e2e.sh ended with exit code 1') as string,
    });
    const asked = readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n');
    expect(asked.map((url) => new URL(url).hostname)).toEqual([
      '1.greeter.local.localhost',
      '2.greeter.local.localhost',
    ]);
    expect(rig.view().now).toMatchObject({ stable: 1, shares: { 1: 1 } });
  });
});

describe('an environment that needs another', () => {
  test('takes only what is stable there, by its digest', async () => {
    await using rig = createAgentRig();
    await rig.start();
    const yaml = `environments: { staging: { ${FAST} }, production: { needs: [staging], ${FAST} } }`;
    const project = await createProject(rig, yaml);
    const refused = (wanted: Promise<Said>): Promise<unknown> =>
      expect(wanted).rejects.toMatchObject({ code: 'delivery/needs-environment', kind: 'refused' });
    await refused(project.deploy('production'));
    expect((await project.deploy('staging')).code).toBe(0);
    await refused(project.deploy('production', 'another image'));
    expect((await project.deploy('production')).code).toBe(0);
  });
});

test('a release that waits for another one is followed through both, to its own end', async () => {
  await using rig = createAgentRig();
  await rig.start();
  expect((await (await createProject(rig, `environments: { local: { ${FAST} } }`)).deploy('local')).code).toBe(0);
  // Nobody sends requests, so what a judge would wait for never comes: it only watches.
  const steps = 'steps: [{ weight: 50% }, { pause: 2s }], judge: { dry: true }, keep: 0s';
  const strategy = `strategy: { canary: { supersede: queue, ${steps} } }`;
  const project = await createProject(rig, `environments: { local: { ${strategy} } }`);
  const second = project.deploy('local', 'second');
  while (rig.view().now?.candidate !== 2) await new Promise((resolve) => setTimeout(resolve, 20));
  const third = await project.deploy('local', 'third');
  expect(third).toMatchObject({ code: 0, text: expect.stringContaining('#3 waits until #2 has ended') as string });
  expect(third.text).toContain('greeter/local/3: deploy of #3 over #2');
  expect((await second).code).toBe(0);
  expect(rig.view().now?.stable).toBe(3);
});

describe('a release with secrets', () => {
  test('names their versions; the values are only in the home, and another value is another release', async () => {
    await using rig = createAgentRig();
    await rig.start();
    const yaml = `environments: { local: { secrets: { GREETING: env:GREETING, TOKEN: "file:token" }, ${FAST} } }`;
    writeFileSync(join(folder, 'token'), 'first token\n');
    const project = await createProject(rig, yaml);
    expect((await project.deploy('local')).code).toBe(0);
    expect((await project.deploy('local')).text).toContain('#1 is deployed here already');
    writeFileSync(join(folder, 'token'), 'second token\n');
    const second = await project.deploy('local');
    expect(second.code).toBe(0);
    expect(rig.view().now?.stable).toBe(2);
    const { GREETING: one } = rig.view().releases[1]?.content.secrets ?? {};
    const { GREETING: other } = rig.view().releases[2]?.content.secrets ?? {};
    expect(one).toBe(other);
    const journal = readFileSync(join(rig.home, 'slipway.db'), 'latin1');
    for (const value of ['a secret greeting', 'first token', 'second token']) expect(journal).not.toContain(value);
    rmSync(join(folder, 'token'));
    await expect(project.deploy('local')).rejects.toMatchObject({ code: 'secret/missing' });
  });
});

test('an agent that can not start is not waited for: what it said is told', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const home = join(folder, 'home');
  mkdirSync(home);
  const system = openSystem({ ...process.env, SLIPWAY_HOME: home, SLIPWAY_PORT: String(port) });
  const began = performance.now();
  await expect(ensureAgent(system)).rejects.toMatchObject({
    code: 'agent/not-started',
    message: expect.stringContaining('embedded/port-taken') as string,
  });
  expect(performance.now() - began).toBeLessThan(8000);
  await new Promise((resolve) => server.close(resolve));
});
