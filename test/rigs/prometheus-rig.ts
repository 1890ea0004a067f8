/**
 * For tests: the real Prometheus of Debian, unpacked and not installed, that scrapes what it is told as it would scrape pods: with
 * the configuration that our guide shows, only that a list of addresses stands where Kubernetes would name them.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { runCommand } from '../../src/kernel/subprocess.ts';

const GUIDE = join(import.meta.dirname, '../../docs/guide/metrics.md');

/** Path of the program, fetched once with apt; `null` where that can't be had. */
export async function debianPrometheus(): Promise<string | null> {
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'slipway-tests');
  const folder = join(cache, 'debian-prometheus');
  const program = join(folder, 'usr/bin/prometheus');
  if (existsSync(program)) return program;
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(`${folder}.`);
  try {
    const run = async (program: string, ...args: string[]): Promise<void> => {
      const env = { PATH: process.env['PATH'] ?? '' };
      const { exitCode, stderr } = await runCommand({ program, args, cwd: fresh, env, timeout: 120_000 });
      if (exitCode !== 0) throw new Error(stderr);
    };
    await run('apt-get', 'download', 'prometheus');
    const [package_ = ''] = readdirSync(fresh).filter((name) => name.endsWith('.deb'));
    await run('dpkg-deb', '-x', package_, '.');
    renameSync(fresh, folder);
  } catch {
    rmSync(fresh, { recursive: true, force: true });
  }
  return existsSync(program) ? program : null;
}

export interface ScrapedPod {
  readonly address: string;
  readonly service: string;
  readonly environment: string;
  readonly release: number;
  readonly pod: string;
}

export interface RigPrometheus {
  readonly url: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export async function createPrometheus(
  program: string,
  folder: string,
  pods: readonly ScrapedPod[],
): Promise<RigPrometheus> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const config = join(folder, 'prometheus.yml');
  writeFileSync(config, configurationFor(pods));
  let child: ChildProcess | null = null;
  return {
    url,
    async start() {
      const listen = `--web.listen-address=127.0.0.1:${port}`;
      const args = [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'tsdb')}`, listen];
      child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
      let said = '';
      child.stderr?.setEncoding('utf8').on('data', (piece: string) => (said += piece));
      for (let tries = 0; tries < 300; tries += 1) {
        const ready = await fetch(`${url}/-/ready`).catch(() => null);
        if (ready?.status === 200) return;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`Prometheus is not ready: ${said}`);
    },
    async stop() {
      const ending = child;
      child = null;
      if (ending === null || ending.exitCode !== null) return;
      const ended = new Promise((resolve) => ending.on('close', resolve));
      ending.kill('SIGKILL');
      await ended;
    },
  };
}

/** The first YAML of the guide. */
function configurationFor(pods: readonly ScrapedPod[]): string {
  const [, text = ''] = /```yaml\n([\s\S]*?)```/.exec(readFileSync(GUIDE, 'utf8')) ?? [];
  const guide = parse(text) as { readonly scrape_configs: readonly Readonly<Record<string, unknown>>[] };
  const [{ kubernetes_sd_configs: _, ...job } = {}] = guide.scrape_configs;
  const found = pods.map(({ address, service, environment, release, pod }) => ({
    targets: [address],
    labels: {
      __meta_kubernetes_namespace: 'shop',
      __meta_kubernetes_pod_name: pod,
      __meta_kubernetes_pod_container_port_name: 'metrics',
      __meta_kubernetes_pod_labelpresent_slipway_dev_release: 'true',
      __meta_kubernetes_pod_label_slipway_dev_service: service,
      __meta_kubernetes_pod_label_slipway_dev_environment: environment,
      __meta_kubernetes_pod_label_slipway_dev_release: String(release),
    },
  }));
  // What else Kubernetes would name: a port of a pod of ours that tells no counters, and a stranger's.
  const others = [
    { targets: ['127.0.0.1:1'], labels: { __meta_kubernetes_pod_container_port_name: 'http' } },
    { targets: ['127.0.0.1:2'], labels: { __meta_kubernetes_pod_container_port_name: 'metrics' } },
  ];
  const scrape = { ...job, scrape_interval: '1s', static_configs: [...found, ...others] };
  return stringify({ scrape_configs: [scrape] });
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
