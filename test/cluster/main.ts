/** `npm run cluster -- up|down|status|kubectl …`: a Kubernetes of one's own, until it is taken down. */

import { spawnSync } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { COMPONENTS } from './cluster-components.ts';
import { builtControlPlane, packedControlPlane } from './control-plane-binary.ts';
import { endLocalCluster, joinLocalCluster, type LocalCluster, startLocalCluster } from './local-cluster.ts';

const FOLDER = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'slipway-tests/cluster');
const USAGE = `npm run cluster -- COMMAND
  up [--build]   start it; --build: from the module in test/cluster/kubetest (a quarter of an hour)
  status         what of it lives
  kubectl …      kubectl against it
  down           end it and drop all its data`;

const [verb = '', ...rest] = process.argv.slice(2);
process.exitCode = await run();

async function run(): Promise<number> {
  switch (verb) {
    case 'up':
      return up(rest);
    case 'down':
      await endLocalCluster(FOLDER);
      return 0;
    case 'status':
      return status(joinLocalCluster(FOLDER));
    case 'kubectl':
      return kubectl(joinLocalCluster(FOLDER), rest);
    default:
      say(USAGE);
      return 2;
  }
}

async function up(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { build: { type: 'boolean', default: false } } });
  const running = joinLocalCluster(FOLDER);
  if (running !== null) return status(running);
  const packed = values.build ? null : await packedControlPlane();
  if (packed === null) say('Building the control plane: that takes a quarter of an hour, once.');
  const program = packed ?? (await builtControlPlane());
  await endLocalCluster(FOLDER);
  const start = performance.now();
  const cluster = await startLocalCluster({ folder: FOLDER, program });
  say(`up after ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return status(cluster);
}

function status(cluster: LocalCluster | null): number {
  if (cluster === null) {
    say('There is no cluster: npm run cluster -- up');
    return 1;
  }
  for (const component of COMPONENTS) say(`${cluster.alive(component) ? 'lives ' : 'is gone'} ${component}`);
  say(`export KUBECONFIG=${cluster.kubeconfig}`);
  return 0;
}

function kubectl(cluster: LocalCluster | null, args: readonly string[]): number {
  if (cluster === null) return status(cluster);
  const env = { ...process.env, KUBECONFIG: cluster.kubeconfig };
  return spawnSync(cluster.kubectl, args, { stdio: 'inherit', env }).status ?? 1;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
