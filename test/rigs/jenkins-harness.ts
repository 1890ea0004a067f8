/**
 * Executes declarative Jenkinsfiles with real `sh` and no Jenkins: the harness of the folder beside the checkout, on the
 * very Groovy that is inside of Jenkins. Its three libraries come once from Maven Central, into a cache folder.
 */

import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { hexOf, sha256File } from '../../src/kernel/digest.ts';
import { type Finished, runCommand } from '../../src/kernel/subprocess.ts';
import { sharedFolder } from './shared-tools.ts';

export interface JenkinsHarness {
  /** Exit code 0: Groovy and the structure rules accept every file. All are read by one process. */
  lint(files: readonly string[]): Promise<Finished>;
  /** Exit code 0 SUCCESS · 1 FAILURE · 2 invalid · 3 UNSTABLE · 4 ABORTED. */
  execute(options: ExecuteOptions): Promise<Finished & { readonly events: readonly HarnessEvent[] }>;
}

export interface ExecuteOptions {
  readonly file: string;
  readonly repository: string;
  /** Gets the workspaces and `events.jsonl`. */
  readonly out: string;
  /** `['--branch', 'main']`, `['--approve', 'none']`, … as its `run.sh` says. */
  readonly args: readonly string[];
  /** Of the agent. */
  readonly env: Readonly<Record<string, string>>;
}

/** One line of what happened: `ev` is `stage.start`, `stage.end`, `stage.skip`, `sh`, `input`, … */
export interface HarnessEvent {
  readonly ev: string;
  readonly path?: readonly string[];
  readonly [field: string]: unknown;
}

const LIBRARIES = [
  ['org.codehaus.groovy', 'groovy-all', '2.4.21'],
  ['com.cloudbees', 'groovy-cps', '1.31'],
  ['com.google.guava', 'guava', '11.0.1'],
] as const;

/** A hung build must not hang the tests. */
const LIMIT = 400_000;

/** What is missing here for it, as a sentence; `null`: nothing. */
export async function jenkinsHarness(): Promise<JenkinsHarness | { readonly missing: string }> {
  const shared = sharedFolder();
  const folder = shared === null ? null : join(shared, 'peers/jenkins');
  if (folder === null || !existsSync(folder)) return { missing: 'no folder peers/jenkins beside the checkout' };
  for (const program of ['java', 'mvn']) if (!(await isThere(program))) return { missing: `no ${program} on PATH` };
  const libraries = await fetchedLibraries();
  if (typeof libraries !== 'string') return libraries;
  const compiled = await compiledHarness(folder, libraries);
  const start = { M2: libraries, JEXEC_JAR: compiled, PATH: process.env['PATH'] ?? '', HOME: homedir() };
  const run = (args: readonly string[], env: Readonly<Record<string, string>>): Promise<Finished> =>
    runCommand({
      program: 'sh',
      args: [join(folder, 'run.sh'), ...args],
      cwd: folder,
      env: { ...start, ...env },
      timeout: LIMIT,
    });
  return {
    lint: (files) => run(['--lint', '--cps', ...files], {}),
    async execute({ file, repository, out, args, env }) {
      // Of its own environment a step gets next to nothing.
      const variables = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
      const finished = await run([file, '--repo', repository, '--out', out, ...variables, ...args], env);
      const log = join(out, 'events.jsonl');
      const lines = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
      return {
        ...finished,
        events: lines.filter((line) => line !== '').map((line) => JSON.parse(line) as HarnessEvent),
      };
    },
  };
}

async function isThere(program: string): Promise<boolean> {
  const { exitCode } = await runCommand({
    program: 'sh',
    args: ['-c', `command -v ${program}`],
    cwd: '/',
    env: { PATH: process.env['PATH'] ?? '' },
  });
  return exitCode === 0;
}

function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'slipway-tests');
}

/** A Maven repository with the three; by Maven itself, so that mirrors and proxies of the machine are used. */
async function fetchedLibraries(): Promise<string | { readonly missing: string }> {
  const repository = join(cacheFolder(), 'maven');
  const jars = LIBRARIES.map(([group, name, version]) =>
    join(repository, group.replaceAll('.', '/'), name, version, `${name}-${version}.jar`),
  );
  if (jars.every((jar) => existsSync(jar))) return repository;
  const project = join(cacheFolder(), 'jenkins-harness');
  mkdirSync(project, { recursive: true });
  writeFileSync(join(project, 'pom.xml'), pom());
  const { exitCode, stdout } = await runCommand({
    program: 'mvn',
    args: ['-q', '-B', `-Dmaven.repo.local=${repository}`, 'dependency:resolve'],
    cwd: project,
    env: { PATH: process.env['PATH'] ?? '', HOME: homedir() },
    timeout: LIMIT,
  });
  return exitCode === 0 ? repository : { missing: `Maven Central does not give Groovy: ${stdout.slice(0, 300)}` };
}

function pom(): string {
  const all = '<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>';
  const dependencies = LIBRARIES.map(
    ([group, name, version]) =>
      `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version>${all}</dependency>`,
  );
  return [
    '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>',
    '<groupId>slipway</groupId><artifactId>jenkins-harness</artifactId><version>1</version><packaging>pom</packaging>',
    `<dependencies>${dependencies.join('')}</dependencies></project>\n`,
  ].join('\n');
}

/** Compiling it takes longer than most runs, so it is done once for each content. */
async function compiledHarness(folder: string, libraries: string): Promise<string> {
  const source = join(folder, 'JenkinsExec.groovy');
  const classes = join(cacheFolder(), `jenkins-${hexOf(await sha256File(source)).slice(0, 16)}`);
  if (existsSync(classes)) return classes;
  mkdirSync(cacheFolder(), { recursive: true });
  const fresh = mkdtempSync(`${classes}.`);
  const groovy = join(libraries, 'org/codehaus/groovy/groovy-all/2.4.21/groovy-all-2.4.21.jar');
  const { exitCode, stderr } = await runCommand({
    program: 'java',
    args: [
      ...['java.lang', 'java.util', 'java.lang.reflect', 'java.io'].flatMap((name) => [
        '--add-opens',
        `java.base/${name}=ALL-UNNAMED`,
      ]),
      '-cp',
      groovy,
      'org.codehaus.groovy.tools.FileSystemCompiler',
      '-d',
      fresh,
      source,
    ],
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '' },
    timeout: LIMIT,
  });
  if (exitCode !== 0) throw new Error(`the harness does not compile: ${stderr}`);
  try {
    renameSync(fresh, classes);
  } catch (error) {
    // Another process was quicker.
    rmSync(fresh, { recursive: true, force: true });
    if (!existsSync(classes)) throw error;
  }
  return classes;
}
