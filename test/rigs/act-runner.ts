/**
 * act: runs a GitHub workflow without GitHub and without a container engine. What actions of GitHub do is done by stand-ins:
 * those for artifacts lie in the shared folder, that for caches here, and checking out is act's own.
 */

import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { runCommand } from '../../src/kernel/subprocess.ts';
import { sharedFolder, sharedTool } from './shared-tools.ts';

export interface ActRunner {
  run(options: ActOptions): Promise<ActRun>;
}

export interface ActOptions {
  readonly repository: string;
  readonly event: 'push' | 'pull_request' | 'workflow_dispatch';
  /** What GitHub would send. */
  readonly payload: unknown;
  /** Of each job. */
  readonly env: Readonly<Record<string, string>>;
}

export interface ActRun {
  /** Job → `success` or another result; jobs that did not run are not in it. */
  readonly jobs: Readonly<Record<string, string>>;
  readonly log: string;
}

/** @param scratch Where it keeps caches, artifacts and the folders of jobs. */
export async function actRunner(scratch: string): Promise<ActRunner | { readonly missing: string }> {
  const [act, shared] = [await sharedTool('act'), sharedFolder()];
  if (act === null || shared === null) return { missing: 'there is no act in ../shared/peers' };
  const actions = join(scratch, 'actions');
  for (const name of ['upload-artifact', 'download-artifact']) {
    cpSync(join(shared, 'peers/act', name), join(actions, name), { recursive: true });
  }
  cpSync(join(import.meta.dirname, 'act/cache'), join(actions, 'cache'), { recursive: true });
  for (const folder of ['home', 'artifacts', 'store']) mkdirSync(join(scratch, folder), { recursive: true });
  return {
    async run({ repository, event, payload, env }) {
      const eventFile = join(scratch, 'event.json');
      writeFileSync(eventFile, JSON.stringify(payload));
      const workflow = join(scratch, 'slipway.yml');
      const text = readFileSync(join(repository, '.github/workflows/slipway.yml'), 'utf8');
      // `queue` is newer than act, which refuses what it does not know.
      writeFileSync(workflow, text.replaceAll(/^ +queue: max\n/gm, ''));
      const jobEnvironment = { ...env, SLIPWAY_TEST_STORE: join(scratch, 'store') };
      const { stdout, stderr } = await runCommand({
        program: act,
        args: [
          event,
          ...optionsOf({
            eventpath: eventFile,
            workflows: workflow,
            platform: 'ubuntu-24.04=-self-hosted',
            'artifact-server-path': join(scratch, 'artifacts'),
            'artifact-server-addr': '127.0.0.1',
            'artifact-server-port': String(await freePort()),
            'cache-server-path': join(scratch, 'cache-server'),
            'cache-server-addr': '127.0.0.1',
          }),
          '--json',
          '--action-offline-mode',
          ...standIns(text, actions),
          ...Object.entries(jobEnvironment).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
        ],
        cwd: repository,
        env: { ...env, HOME: join(scratch, 'home'), XDG_CACHE_HOME: join(scratch, 'home/.cache') },
        timeout: 20 * 60_000,
      });
      return { jobs: resultsIn(stdout), log: `${messagesIn(stdout)}\n${stderr}` };
    },
  };
}

function optionsOf(options: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
}

/** `--local-repository` for every action of the workflow that has a stand-in. */
function standIns(workflow: string, actions: string): readonly string[] {
  const used = new Set(
    Array.from(
      workflow.matchAll(/uses: (actions)\/([\w-]+)[\w/-]*@([0-9a-f]+)/g),
      ([, , name, ref]) => `${name}@${ref}`,
    ),
  );
  return [...used].flatMap((use) => {
    const [name = ''] = use.split('@');
    const folder = join(actions, name);
    return existsSync(folder) ? ['--local-repository', `actions/${use}=${folder}`] : [];
  });
}

interface ActLine {
  readonly jobID?: string;
  readonly jobResult?: string;
  readonly msg?: string;
  readonly level?: string;
}

function linesIn(output: string): readonly ActLine[] {
  return output.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as ActLine] : []));
}

function resultsIn(output: string): Readonly<Record<string, string>> {
  const results = linesIn(output).flatMap(({ jobID, jobResult }) =>
    jobID === undefined || jobResult === undefined ? [] : [[jobID, jobResult] as const],
  );
  return Object.fromEntries(results);
}

function messagesIn(output: string): string {
  return linesIn(output)
    .map(({ jobID = '', msg = '' }) => `[${jobID}] ${msg.trimEnd()}`)
    .join('\n');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
}
