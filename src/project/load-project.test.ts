import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { fromJSONSchema } from 'zod';
import { runBriefly } from '../kernel/subprocess.ts';
import { temporaryFolder } from '../kernel/workspace.ts';
import { describeConfig, loadProject, projectJsonSchema, smallestProjectFile } from './index.ts';
import { parseProject } from './parse-project.ts';
import { cachedProject, keepProject, projectKey } from './project-cache.ts';

let folder = '';
beforeEach(() => {
  folder = temporaryFolder('slipway-project-');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(file: string, text: string): void {
  writeFileSync(join(folder, file), text);
}

const fuller = `service: greeter
image: ghcr.io/acme/greeter
branches: gitflow
build: { maxSize: 1.2MB }
environments:
  staging: {}
  production:
    replicas: 5
    config: { ON: "true", PORT: 8080, TEXT: "a: b # c", EMPTY: "" }
    strategy:
      canary:
        steps: [{ weight: 0.1% }, { pause: manual }, { weight: 33.3% }, { judge: { within: 90s } }, { pause: 90s }]
        judge: { tolerate: 1.5x, miss: 0.1% }
    limits: { memory: 64MiB, request: 2500ms }
  other: { from: [x, "y*"] }
ci: { github: { deployOn: own }, gitlab: { deployOn: [own] } }
`;

test('a project is loaded from its folder, its toolchain found there', async () => {
  write('slipway.yaml', 'service: greeter\n');
  expect((await loadProject({ folder })).problems).toMatchObject([
    { code: 'config/missing-key', file: 'slipway.yaml' },
  ]);
  write('Cargo.toml', '');
  const { project, problems, text } = await loadProject({ folder });
  expect(problems).toEqual([]);
  expect(project?.build.toolchain).toBe('rust');
  expect(text).toBe('service: greeter\n');
});

test('a folder without a project file is told what to do', async () => {
  await expect(loadProject({ folder })).rejects.toMatchObject({ code: 'project/no-file', kind: 'usage' });
  write('slipway.yml', '');
  await expect(loadProject({ folder })).rejects.toThrow('There is a slipway.yml: rename it.');
});

test('the folder is loaded without what parses, which is loaded when it is needed', async () => {
  write('slipway.yaml', 'service: greeter\n');
  const script = `
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
    const heavy = () => loaded.filter((url) => /node_modules/.test(url)).length;
    const { loadProject } = await import(${JSON.stringify(pathToFileURL(join(import.meta.dirname, 'index.ts')).href)});
    const before = heavy();
    await loadProject({ folder: '.' });
    console.log(before, heavy() > 0);`;
  const env = { PATH: process.env['PATH'] ?? '' };
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', script];
  const { stdout, stderr } = await runBriefly({ program: process.execPath, args, cwd: folder, env });
  expect({ stdout, stderr }).toEqual({ stdout: '0 true\n', stderr: '' });
});

describe('slipway config', () => {
  test('names where each value comes from', async () => {
    write('Cargo.toml', '');
    write('slipway.yaml', fuller);
    const { settings, problems } = await describeConfig(folder);
    expect(problems).toEqual([]);
    const origin = (path: string) => settings.find((setting) => setting.path.join('.') === path)?.origin;
    expect(origin('service')).toEqual({ kind: 'file', line: 1 });
    expect(origin('image.repository')).toEqual({ kind: 'file', line: 2 });
    expect(origin('image.platforms')).toEqual({ kind: 'default' });
    expect(origin('build.toolchain')).toEqual({ kind: 'found', file: 'Cargo.toml' });
    expect(origin('environments.staging.from')).toEqual({ kind: 'preset', preset: 'gitflow' });
    expect(origin('environments.other.from')).toEqual({ kind: 'file', line: 15 });
    expect(origin('environments.production.strategy.canary.steps')).toEqual({ kind: 'file', line: 12 });
    expect(origin('environments.production.strategy.canary.judge.detect')).toEqual({ kind: 'default' });
    expect(origin('environments.local.replicas')).toEqual({ kind: 'default' });
  });

  test('what it prints is a project file that says the same, with nothing left to default but what is not set', async () => {
    write('Cargo.toml', '');
    write('slipway.yaml', fuller);
    const { yaml } = await describeConfig(folder);
    expect(yaml).toMatch(/^service: greeter +# line 1$/m);
    expect(yaml).toMatch(/^ {4}# from: \[develop, release\/\*, hotfix\/\*\] +# preset gitflow$/m);
    const { project: original } = await loadProject({ folder });
    const again = parseProject(yaml, 'slipway.yaml', null);
    expect(again.problems).toEqual([]);
    const explicit = original?.environments.map((environment) => ({ ...environment, implicit: false }));
    expect(again.project).toEqual({ ...original, environments: explicit });
  });

  test('an agent for deployments alone is printed beside that there is none for the others', async () => {
    write('Cargo.toml', '');
    write('slipway.yaml', `service: greeter\nci: { jenkins: { deployOn: own } }\n`);
    const { yaml } = await describeConfig(folder);
    const again = parseProject(yaml, 'slipway.yaml', null);
    expect(again.problems).toEqual([]);
    expect(again.project?.ci.jenkins).toEqual({ agent: null, deployOn: 'own' });
  });

  test('says what is wrong instead when something is', async () => {
    write('slipway.yaml', 'servce: greeter\n');
    expect(await describeConfig(folder)).toMatchObject({ settings: [], yaml: '', problems: [{}, {}, {}] });
  });
});

describe('slipway init', () => {
  test('writes the smallest file, the service named after the package', async () => {
    write('Cargo.toml', '[package]\nname = "Release_Notes"\nversion = "0.1.0"\n');
    const { service, text } = await smallestProjectFile(folder);
    expect({ service, text }).toEqual({ service: 'release-notes', text: 'service: release-notes\n' });
    write('slipway.yaml', text);
    expect((await loadProject({ folder })).problems).toEqual([]);
  });

  test('names the service of a workspace after its folder', async () => {
    const inner = join(folder, '1 My Services');
    mkdirSync(inner);
    writeFileSync(join(inner, 'Cargo.toml'), '[workspace]\nmembers = []\n');
    expect((await smallestProjectFile(inner)).service).toBe('my-services');
  });

  test('refuses without a Cargo project, and never overwrites', async () => {
    await expect(smallestProjectFile(folder)).rejects.toMatchObject({ code: 'project/no-cargo-project' });
    write('Cargo.toml', 'this is no toml');
    await expect(smallestProjectFile(folder)).rejects.toThrow('not valid TOML');
    write('slipway.yaml', '');
    await expect(smallestProjectFile(folder)).rejects.toMatchObject({ code: 'project/already-there' });
  });
});

test('the JSON Schema knows every key of the contract, shorthands, and refuses what is unknown', async () => {
  const schema = await projectJsonSchema();
  expect(schema['$schema']).toBe('https://json-schema.org/draft/2020-12/schema');
  expect(schema['required']).toEqual(['service']);
  expect(schema['additionalProperties']).toBe(false);
  expect(Object.keys(schema['properties'] ?? {})).toEqual(
    'service build checks tests image branches environments notify ci'.split(' '),
  );
  const text = JSON.stringify(schema);
  for (const key of 'maxSurge previewReplicas keepAborted falseAlarm onDeadline runtimeClass unscored'.split(' ')) {
    expect(text).toContain(`"${key}":`);
  }
  expect(schema).toMatchObject({
    properties: {
      image: { anyOf: [{ type: 'string' }, { type: 'object' }] },
      build: { properties: { target: { default: 'wasm32-wasip2', enum: ['wasm32-wasip1', 'wasm32-wasip2'] } } },
    },
  });
});

test('the JSON Schema accepts and refuses what the parser does', async () => {
  const schema = fromJSONSchema({ ...(await projectJsonSchema()) });
  const accepts = (text: string) => schema.safeParse(parseYaml(text)).success;
  const staging = (keys: string) => `service: a\nenvironments: { staging: { ${keys} } }\n`;
  const right = [
    'service: greeter',
    fuller,
    staging('approval: 1, guard: 0, strategy: canary, platform: embedded, affinity: none'),
    staging('strategy: { rolling: { maxSurge: 25%, maxUnavailable: 1 } }, approval: { count: 2 }'),
  ];
  const wrong = [
    'service: Greeter',
    'branches: trunk',
    'service: a\nfoo: 1',
    'service: a\nbuild: { maxSize: 1200 }',
  ].concat(
    [
      'guard: 5',
      'replicas: 0',
      'secrets: { A: b }',
      'strategy: { canary: { setps: [] } }',
      'affinity: some',
      'affinity: { cookie: "a b" }',
    ].map(staging),
  );
  expect(right.filter((text) => !accepts(text))).toEqual([]);
  expect(wrong.filter(accepts)).toEqual([]);
  const isRight = (text: string) =>
    parseProject(text, 'f', { toolchain: 'rust', file: 'Cargo.toml' }).problems.every(
      ({ code }) => code === 'config/not-yet',
    );
  expect(right.filter((text) => !isRight(text))).toEqual([]);
  expect(wrong.filter(isRight)).toEqual([]);
});

describe('projects that were parsed before', () => {
  const found = { toolchain: 'rust', file: 'Cargo.toml' } as const;
  const { project } = parseProject(fuller, 'slipway.yaml', found);

  test('come back as they were', () => {
    const key = projectKey(fuller, found, 'parser 1');
    if (project === null || key === null) throw new Error('the file of this test is wrong');
    expect(cachedProject(folder, key)).toBeNull();
    keepProject(folder, key, project);
    expect(cachedProject(folder, key)).toEqual(project);
  });

  test('depend on the text, on what was found and on the parser', () => {
    const keys = [
      projectKey(fuller, found, 'parser 1'),
      projectKey(`${fuller}#`, found, 'parser 1'),
      projectKey(fuller, null, 'parser 1'),
      projectKey(fuller, found, 'parser 2'),
    ];
    expect(new Set(keys).size).toBe(4);
    // The source files do not tell when one of them changes.
    expect(projectKey(fuller, found)).toBeNull();
  });

  test('are parsed anew when what was kept was changed', () => {
    const key = projectKey(fuller, found, 'parser 1');
    if (project === null || key === null) throw new Error('the file of this test is wrong');
    keepProject(folder, key, project);
    const [file = ''] = readdirSync(join(folder, 'projects'));
    const path = join(folder, 'projects', file);
    writeFileSync(path, readFileSync(path, 'utf8').replace('"replicas":5', '"replicas":6'));
    expect(cachedProject(folder, key)).toBeNull();
  });
});
