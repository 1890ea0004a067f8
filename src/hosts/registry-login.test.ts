import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseProject } from '../project/parse-project.ts';
import { githubGenerator } from './github/index.ts';
import { gitlabGenerator } from './gitlab/gitlab-generator.ts';
import { jenkinsGenerator } from './jenkins/jenkins-generator.ts';
import type { JobGraph } from './job-graph.ts';
import { SHIPPED_PINS } from './pins.ts';
import { planJobs } from './plan-jobs.ts';
import { registryOf } from './registry-login.ts';

function graphOf(image: string): JobGraph {
  const text = `service: greeter\nimage: ${image}\nbranches: gitflow\nenvironments: { staging: {}, production: {} }\n`;
  const { project } = parseProject(text, 'slipway.yaml', { toolchain: 'rust', file: 'Cargo.toml' });
  if (project === null) throw new Error('the project is not sound');
  return planJobs({ project, version: '1.2.3' });
}

test.each([
  ['ghcr.io/acme/greeter', 'ghcr.io'],
  ['GHCR.io/acme/greeter', 'ghcr.io'],
  ['registry.example:5000/greeter', 'registry.example:5000'],
  ['localhost/greeter', 'localhost'],
  ['acme/greeter', 'docker.io'],
  ['greeter', 'docker.io'],
  ['ghcr/acme/greeter', 'docker.io'],
])('%s is on %s', (repository, registry) => {
  expect(registryOf(repository)).toBe(registry);
});

test('only the job that pushes has a login', () => {
  const { jobs } = graphOf('ghcr.io/acme/greeter');
  expect(jobs.filter(({ registry }) => registry !== null).map(({ id }) => id)).toEqual(['publish']);
});

describe('GitHub', () => {
  interface Workflow {
    readonly jobs: Readonly<
      Record<string, { readonly steps: readonly { readonly env?: Readonly<Record<string, string>> }[] }>
    >;
  }
  function logins(image: string): readonly (readonly [string, number, string | undefined, string | undefined])[] {
    const { jobs } = parse(githubGenerator.generate(graphOf(image), SHIPPED_PINS).text) as Workflow;
    return Object.entries(jobs).flatMap(([id, { steps }]) =>
      steps.flatMap(({ env }, at) =>
        JSON.stringify(env ?? {}).includes('SLIPWAY_REGISTRY')
          ? [[id, at - steps.length, env?.['SLIPWAY_REGISTRY_USER'], env?.['SLIPWAY_REGISTRY_PASSWORD']] as const]
          : [],
      ),
    );
  }

  test('gives its own registry the token of the job, in the step that pushes', () => {
    expect(logins('ghcr.io/acme/greeter')).toEqual([['publish', -1, '${{ github.actor }}', '${{ github.token }}']]);
  });

  test('gives its token to no other registry', () => {
    for (const image of ['ghcr.io.example/acme/greeter', 'ghcr.io:8443/acme/greeter', 'acme/greeter']) {
      const secrets = ['${{ secrets.SLIPWAY_REGISTRY_USER }}', '${{ secrets.SLIPWAY_REGISTRY_PASSWORD }}'];
      expect(logins(image)).toEqual([['publish', -1, ...secrets]]);
    }
  });
});

describe('GitLab', () => {
  const jobsOf = (image: string) =>
    parse(gitlabGenerator.generate(graphOf(image), {}).text) as Record<string, { readonly variables?: unknown }>;

  test('gives its own registry what it makes for the job', () => {
    const file = jobsOf('registry.gitlab.com/acme/greeter');
    expect(file['publish']?.variables).toMatchObject({
      SLIPWAY_REGISTRY_USER: '$CI_REGISTRY_USER',
      SLIPWAY_REGISTRY_PASSWORD: '$CI_REGISTRY_PASSWORD',
    });
    expect(Object.keys(file).filter((id) => JSON.stringify(file[id]).includes('CI_REGISTRY'))).toEqual(['publish']);
  });

  test('gives it to no other: variables of the project reach the job by themselves', () => {
    expect(JSON.stringify(jobsOf('ghcr.io/acme/greeter'))).not.toContain('REGISTRY');
  });
});

test('Jenkins: the login is around the step that pushes and nothing else', () => {
  const { text, notes } = jenkinsGenerator.generate(graphOf('ghcr.io/acme/greeter'), {});
  const [before = '', inside = ''] = text.split(/withCredentials\(\[usernamePassword\(.*\)\]\) \{\n/);
  expect(text.match(/withCredentials/g)).toHaveLength(1);
  expect(text).toMatch(/credentialsId: 'slipway-registry', usernameVariable: 'SLIPWAY_REGISTRY_USER'/);
  expect(inside.split('}')[0]?.trim()).toBe("sh 'slipway run package'");
  expect(before.slice(before.lastIndexOf('stage('))).toContain("stage('publish')");
  expect(notes.join()).toContain('credential slipway-registry');
  expect(notes.join()).toContain('Credentials Binding');
});
