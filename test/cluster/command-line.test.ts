/**
 * The command line with an environment on a real cluster: the image in a registry, the project in a folder, each command in
 * a process of its own, under the least rights. The pipeline is left out: its result is there already.
 */

import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rollOut } from '../../src/cli/commands/deploy.ts';
import { keepImage } from '../../src/cli/keep-image.ts';
import type { RunScene } from '../../src/cli/run-tasks.ts';
import { temporaryFolder } from '../../src/kernel/workspace.ts';
import { type FakeRegistry, startFakeRegistry } from '../../src/oci/fake-registry.ts';
import { openLayout } from '../../src/oci/index.ts';
import { putSampleImage } from '../../src/oci/sample-image.ts';
import { createCache, type PipelineRun } from '../../src/pipeline/index.ts';
import { loadProject } from '../../src/project/index.ts';
import { openSystem } from '../../src/system.ts';
import { expectNoLeftovers } from '../leftovers.ts';
import { until } from '../rigs/agent-rig.ts';
import { type ClusterRig, clusterAtHand, createClusterRig, type NamespaceRig } from '../rigs/cluster-rig.ts';
import { plainTerminal } from '../rigs/terminal-rig.ts';

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');

interface Said {
  readonly code: number | null;
  readonly text: string;
}

interface Machine {
  /** As `slipway deploy ENVIRONMENT` does once the pipeline has made the image with this module. */
  deploy(environment: string, module: string): Promise<Said>;
  /** The command line in a process of its own. */
  slipway(...args: readonly string[]): Said;
  /** One that goes on until it is interrupted; resolves with what it has printed once that fits. */
  until(pattern: RegExp, ...args: readonly string[]): Promise<string>;
  end(): Promise<void>;
}

describe.skipIf(!(await clusterAtHand()))('slipway on a cluster', () => {
  let cluster: ClusterRig;
  let registry: FakeRegistry;
  const machines: Machine[] = [];
  beforeAll(async () => {
    [cluster, registry] = [await createClusterRig(), await startFakeRegistry()];
  });
  afterAll(async () => {
    for (const machine of machines) await machine.end();
    await registry?.close();
    await cluster?.[Symbol.asyncDispose]();
  });

  const projectFile = (place: NamespaceRig): string =>
    [
      'service: greeter',
      'build: { toolchain: rust }',
      `image: { repository: '${registry.host}/acme/greeter' }`,
      'environments:',
      '  production:',
      `    platform: { kubernetes: { namespace: ${place.name}, gateway: front, hosts: [shop.example.com] } }`,
      '    replicas: 2',
      '    strategy: rolling',
      "    metrics: { prometheus: { url: 'env:PROMETHEUS_URL' } }",
      '    secrets: { TOKEN: env:TOKEN }',
      '  checked:',
      `    platform: { kubernetes: { namespace: ${place.name}, gateway: front } }`,
      '    strategy: rolling',
      '    approval: 1',
      '',
    ].join('\n');

  /** A clone of the project, a home and a kubeconfig. */
  const machine = async (place: NamespaceRig, changes: Readonly<Record<string, string>> = {}): Promise<Machine> => {
    const [folder, home] = [temporaryFolder('slipway-project-'), temporaryFolder('slipway-home-')];
    writeFileSync(join(folder, 'slipway.yaml'), projectFile(place));
    const { project, problems } = await loadProject({ folder });
    if (project === null) throw new Error(JSON.stringify(problems));
    const own = { SLIPWAY_HOME: home, KUBECONFIG: place.kubeconfig, SLIPWAY_PORT: '0', TOKEN: 'correct horse battery' };
    const env = { ...process.env, ...own, PROMETHEUS_URL: 'http://127.0.0.1:9', ...changes };
    const system = openSystem(env);
    const start = (args: readonly string[]) => ['--disable-warning=ExperimentalWarning', MAIN, ...args];
    const self: Machine = {
      async deploy(environment, module) {
        const terminal = plainTerminal();
        const commit = '0'.repeat(40);
        const revision = { commit, short: commit.slice(0, 12), kind: 'branch', name: 'main', dirty: 0 } as const;
        const cache = createCache({ folder: system.cache, clock: system.clock });
        const session = { folder, project, revision, tasks: [], cache };
        const scene: RunScene = { system, terminal, session, signal: new AbortController().signal };
        const image = await keepImage(scene, await runWith(join(folder, 'made', module), module), true);
        const code = await rollOut(scene, { image, environment, wait: true });
        return { code, text: terminal.printed() + terminal.noted() };
      },
      slipway(...args) {
        const result = spawnSync(process.execPath, start(args), { cwd: folder, env, encoding: 'utf8' });
        return { code: result.status, text: result.stdout + result.stderr };
      },
      async until(pattern, ...args) {
        const child = spawn(process.execPath, start(args), { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
        let text = '';
        for (const output of [child.stdout, child.stderr]) {
          output.on('data', (piece: Buffer) => (text += piece.toString()));
        }
        const ended = new Promise((resolve) => child.on('exit', resolve));
        await until(() => Promise.resolve(pattern.test(text)), 20_000).finally(() => child.kill('SIGINT'));
        await ended;
        return text;
      },
      async end() {
        self.slipway('down');
        await expectNoLeftovers(home);
        for (const path of [home, folder]) rmSync(path, { recursive: true });
      },
    };
    machines.push(self);
    return self;
  };

  test('deploys by digest from the registry; any machine sees, follows and rolls back what another has deployed', async () => {
    const place = await cluster.namespace({ prefix: 'cli' });
    place.playGateway();
    await place.play([{ image: '/greeter', logs: ['one', 'two'] }]);
    const ci = await machine(place, { CI: 'true' });
    const first = await ci.deploy('production', 'first');
    expect(first).toMatchObject({
      code: 0,
      text: expect.stringContaining('http://shop.example.com, through the Gateway'),
    });
    expect(first.text).toMatch(/pushed 127\.0\.0\.1:\d+\/acme\/greeter@sha256/);
    const second = await ci.deploy('production', 'second');
    expect(second).toMatchObject({ code: 0, text: expect.stringContaining('promoted') });

    const deployments = await place.objects('apps/v1', 'deployments', { 'slipway.dev/release': '2' });
    const text = JSON.stringify(deployments);
    const digest = /greeter@(sha256:[0-9a-f]{64})/.exec(text)?.[1] ?? '';
    expect(registry.manifests.has(digest)).toBe(true);
    expect(text).not.toContain('correct horse battery');

    // A fresh clone, with a kubeconfig and nothing else.
    const laptop = await machine(place, { CI: '' });
    const history = laptop.slipway('history', 'production');
    expect(history).toMatchObject({ code: 0, text: expect.stringMatching(/promoted[\s\S]*promoted/) });
    expect(laptop.slipway('status', 'production').text).toMatch(/#2/);
    expect(laptop.slipway('why', 'production/2').code).toBe(0);
    const logs = laptop.slipway('logs', 'production');
    expect(logs.code).toBe(0);
    expect(logs.text.match(/^#2 \S+ {2}two$/gm)).toHaveLength(2);
    expect(logs.text).not.toMatch(/^#1 /m);
    expect(await laptop.until(/^#2 \S+ {2}one$/m, 'logs', 'production', '-f')).toContain('two');

    const begun = performance.now();
    const back = laptop.slipway('rollback', 'production', '--to', '1');
    expect(back).toMatchObject({ code: 0, text: expect.stringContaining('#1') });
    // The job of the CI system has let go: its Lease is not waited for.
    expect(performance.now() - begun).toBeLessThan(10_000);
    await laptop.until(/#1 [\s\S]*100%|100%[\s\S]*#1/, 'status', 'production', '--watch');
    expect(ci.slipway('history', 'production').text).toMatch(/rolledBack|rolled back/i);

    // A person's hand on the replicas is not undone, and not passed over in silence.
    const [serving] = await place.objects('apps/v1', 'deployments', { 'slipway.dev/release': '1' });
    const path = `/apis/apps/v1/namespaces/${place.name}/deployments/${serving?.metadata.name}`;
    const type = 'application/merge-patch+json';
    await cluster.admin.demand('PATCH', `${path}?fieldManager=kubectl`, { content: { spec: { replicas: 1 } }, type });
    const told = await laptop.until(
      /can't run[\s\S]*kubectl[\s\S]*leave these fields/,
      'status',
      'production',
      '--watch',
    );
    expect(told).toMatch(/healthy, but not all can be done/);
    expect(laptop.slipway('down').text).toContain('On clusters go on: greeter/production.');
  });

  test('a job ends with 4 where a person must decide, who does so from elsewhere; the next job goes on', async () => {
    const place = await cluster.namespace({ prefix: 'cli' });
    place.playGateway();
    const ci = await machine(place, { CI: 'true' });
    expect((await ci.deploy('checked', 'first')).code).toBe(4);
    expect(await place.objects('apps/v1', 'deployments')).toEqual([]);
    const laptop = await machine(place, { CI: '' });
    expect(laptop.slipway('approve', 'checked', '--as', 'ana')).toMatchObject({ code: 0 });
    const next = await machine(place, { CI: 'true' });
    expect(await next.deploy('checked', 'first')).toMatchObject({ code: 0 });
    expect(next.slipway('why', 'checked').text).toContain('approved by ana');
  });

  test('a cluster that does not answer, a context that is not there: 3 and 2, and why', async () => {
    const place = await cluster.namespace({ prefix: 'cli' });
    const away = await machine(place);
    const kubeconfig = join(temporaryFolder('slipway-kubeconfig-'), 'config');
    writeFileSync(kubeconfig, unreachableConfig(place.name));
    const lost = await machine(place, { KUBECONFIG: kubeconfig });
    expect(lost.slipway('history', 'production')).toMatchObject({
      code: 3,
      text: expect.stringContaining('kubernetes/unreachable'),
    });
    const nowhere = await machine(place, { KUBECONFIG: join(kubeconfig, 'none') });
    expect(nowhere.slipway('history', 'production')).toMatchObject({
      code: 2,
      text: expect.stringContaining('kubernetes/kubeconfig'),
    });
    expect(away.slipway('history', 'production')).toMatchObject({
      code: 2,
      text: expect.stringContaining('slipway deploy'),
    });
    rmSync(join(kubeconfig, '..'), { recursive: true });
  });
});

/** What `package/image` of a run has left. */
async function runWith(folder: string, module: string): Promise<PipelineRun> {
  mkdirSync(folder, { recursive: true });
  const code = Buffer.concat([Buffer.from('0061736d0d000100', 'hex'), Buffer.from(module)]);
  const image = await putSampleImage(openLayout({ folder, create: true }), 'greeter', code);
  const value = { index: image.index.digest };
  return { openResult: () => ({ output: folder, value }) } as unknown as PipelineRun;
}

function unreachableConfig(namespace: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'gone', cluster: { server: 'https://127.0.0.1:9' } }],
    users: [{ name: 'nobody', user: { token: 'none' } }],
    contexts: [{ name: 'gone', context: { cluster: 'gone', user: 'nobody', namespace } }],
    'current-context': 'gone',
  });
}
