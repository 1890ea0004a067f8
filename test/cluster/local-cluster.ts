/** A real Kubernetes on this machine for as long as a test or a demo needs one: up in seconds, gone without a trace. */

import { randomInt } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { isAlive, type ProcessIdentity, runBriefly, signalProcess, startDaemon } from '../../src/kernel/subprocess.ts';
import { readIfThere, writeFileAtomic } from '../../src/kernel/workspace.ts';
import { createAdminClient } from './admin-client.ts';
import {
  AUDIT_POLICY,
  auditLogIn,
  type ClusterSettings,
  commandLine,
  type Component,
  COMPONENTS,
  kubeconfigIn,
  serverOf,
} from './cluster-components.ts';

export interface LocalCluster {
  readonly folder: string;
  /** Of an administrator: absolute path. */
  readonly kubeconfig: string;
  /** See `readAuditLog`. */
  readonly auditLog: string;
  /** A program of that name, of the same version. */
  readonly kubectl: string;
  alive(component: Component): boolean;
  /** Ends one program and resolves when it is gone. */
  kill(component: Component, signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again; resolves when the cluster answers through it. */
  start(component: Component): Promise<void>;
  /** Ends everything and removes the folder. */
  down(): Promise<void>;
}

export interface StartOptions {
  /** Made when it isn't there; everything of the cluster lies in it. */
  readonly folder: string;
  readonly program: string;
  readonly apiServerFlags?: readonly string[];
  readonly podsStartIn?: number;
  readonly endsWithStarter?: boolean;
}

const STATE = 'cluster.json';
/** A busy machine takes a multiple of the few seconds that it should. */
const PATIENCE = 90_000;
const LOOK_EVERY = 30;

interface State {
  readonly settings: ClusterSettings;
  readonly processes: Readonly<Partial<Record<Component, ProcessIdentity>>>;
}

/** Resolves when the controllers, the scheduler and the node work. */
export async function startLocalCluster(options: StartOptions): Promise<LocalCluster> {
  const { folder, program, apiServerFlags = [], podsStartIn = 100, endsWithStarter = false } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const [api = 0, etcd = 0, peer = 0, kubelet = 0] = await freePorts(4);
  const ports = { api, etcd, peer, kubelet };
  const settings: ClusterSettings = { folder, program, ports, apiServerFlags, podsStartIn, endsWithStarter };
  await writeFiles(settings);
  writeState({ settings, processes: {} });
  const cluster = clusterOf(settings);
  try {
    // The API server waits for its store by itself.
    await Promise.all([cluster.start('etcd'), cluster.start('kube-apiserver')]);
    await Promise.all([
      cluster.start('kube-controller-manager'),
      cluster.start('kube-scheduler'),
      cluster.start('node'),
    ]);
    return cluster;
  } catch (error) {
    await cluster.down();
    throw error;
  }
}

/** The cluster of a folder, if its API server lives. */
export function joinLocalCluster(folder: string): LocalCluster | null {
  const state = readState(folder);
  const cluster = state === null ? null : clusterOf(state.settings);
  return cluster?.alive('kube-apiserver') === true ? cluster : null;
}

/** Ends what lives of a cluster, also of one that did not come up, and removes its folder. */
export async function endLocalCluster(folder: string): Promise<void> {
  const state = readState(folder);
  if (state !== null) await clusterOf(state.settings).down();
}

function clusterOf(settings: ClusterSettings): LocalCluster {
  const { folder } = settings;
  const identity = (component: Component): ProcessIdentity | undefined => readState(folder)?.processes[component];
  const alive = (component: Component): boolean => {
    const known = identity(component);
    return known !== undefined && isAlive(known);
  };
  const kill: LocalCluster['kill'] = async (component, signal = 'SIGKILL') => {
    const known = identity(component);
    if (known === undefined) return;
    signalProcess(known, signal);
    await until(() => Promise.resolve(!isAlive(known)), `${component} to end`);
  };
  return {
    folder,
    kubeconfig: kubeconfigIn(folder),
    auditLog: auditLogIn(folder),
    kubectl: join(folder, 'bin/kubectl'),
    alive,
    kill,
    async start(component) {
      const { program, args } = commandLine(component, settings);
      const log = join(folder, `${component}.log`);
      const env = { PATH: process.env['PATH'] ?? '' };
      const started = startDaemon({ program, args, cwd: folder, env, stdout: log, stderr: log });
      const state = readState(folder) ?? { settings, processes: {} };
      writeState({ ...state, processes: { ...state.processes, [component]: started } });
      await untilItWorks(component, settings, () => {
        if (!isAlive(started)) throw new Error(`${component} ended: ${lastLines(log)}`);
      });
    },
    async down() {
      // Nothing that they would still write is wanted.
      await Promise.all(COMPONENTS.map((component) => kill(component)));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What shows, from outside, that a program does its work. */
async function untilItWorks(component: Component, settings: ClusterSettings, mustLive: () => void): Promise<void> {
  const paths: Record<Component, string | null> = {
    etcd: null,
    'kube-apiserver': '/readyz',
    'kube-controller-manager': '/api/v1/namespaces/default/serviceaccounts/default',
    'kube-scheduler': null,
    node: '/api/v1/nodes/played',
  };
  const path = paths[component];
  if (path === null) return;
  const client = await createAdminClient(kubeconfigIn(settings.folder));
  try {
    await until(
      async () => {
        mustLive();
        return (await client.ask('GET', path).catch(() => null))?.status === 200;
      },
      `${serverOf(settings)}${path}`,
    );
  } finally {
    client.close();
  }
}

async function writeFiles(settings: ClusterSettings): Promise<void> {
  const { folder, program } = settings;
  const args = ['pki', '-dir', folder, '-server', serverOf(settings)];
  const { exitCode, stderr } = await runBriefly({ program, args, cwd: folder, env: {} });
  if (exitCode !== 0) throw new Error(`the certificates could not be made: ${stderr}`);
  writeFileSync(join(folder, 'audit-policy.json'), JSON.stringify(AUDIT_POLICY));
  mkdirSync(join(folder, 'bin'), { recursive: true });
  writeFileSync(join(folder, 'bin/kubectl'), `#!/bin/sh\nexec '${program}' kubectl "$@"\n`, { mode: 0o755 });
}

function readState(folder: string): State | null {
  const text = readIfThere(join(folder, STATE));
  return text === undefined ? null : (JSON.parse(text) as State);
}

function writeState(state: State): void {
  writeFileAtomic(join(state.settings.folder, STATE), JSON.stringify(state), 0o600);
}

/**
 * Below the ports that the system gives to outgoing connections (32768 and more on Linux): while a server is down for a
 * restart, one of those who ask for it in vain could come to hold its port.
 */
const PORTS = { from: 12_000, to: 32_000 };

/** Free now: all are held at once while they are looked for, so they differ. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers: Server[] = [];
  while (servers.length < count) {
    const server = createServer();
    if (await listens(server, randomInt(PORTS.from, PORTS.to))) servers.push(server);
  }
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function listens(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
}

async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + PATIENCE;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
  }
}

function lastLines(path: string): string {
  return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-5).join('\n');
}
