import { describe, expect, test } from 'vitest';
import { parseProject } from '../project/parse-project.ts';
import { githubGenerator } from './github/index.ts';
import { gitlabGenerator } from './gitlab/gitlab-generator.ts';
import { jenkinsGenerator } from './jenkins/jenkins-generator.ts';
import { SHIPPED_PINS } from './pins.ts';
import { planJobs } from './plan-jobs.ts';

const HOSTS = [
  ['GitHub', githubGenerator],
  ['GitLab', gitlabGenerator],
  ['Jenkins', jenkinsGenerator],
] as const;

describe.each(HOSTS)('what %s says that a person must know', (_, generator) => {
  function notesOf(text: string): string {
    const { project, problems } = parseProject(`service: greeter\n${text}`, 'slipway.yaml', {
      toolchain: 'rust',
      file: 'Cargo.toml',
    });
    if (project === null) throw new Error(problems.map(({ message }) => message).join());
    return generator.generate(planJobs({ project, version: '1.2.3' }), SHIPPED_PINS).notes.join('\n');
  }
  const onRunner = 'environments: { production: { from: main } }\n';
  const onCluster =
    'image: registry.example/greeter\nenvironments: { production: { from: main, platform: { kubernetes: { namespace: greeter } } } }\n';

  test('a project with a repository hears how its push signs in there, and no other does', () => {
    expect(notesOf(`image: ghcr.io/acme/greeter\n${onRunner}`)).toMatch(/`publish` signs in to ghcr\.io with/);
    expect(notesOf(`image: acme/greeter\n${onRunner}`)).toMatch(/`publish` signs in to docker\.io with/);
    expect(notesOf(onRunner)).not.toMatch(/signs? in/);
  });

  test('pull requests run beside a deployment that lives on the runner', () => {
    expect(notesOf(onRunner)).toMatch(/The code of pull requests runs .* beside production/);
    expect(notesOf(onCluster)).not.toMatch(/code of pull requests/);
  });

  test('deployments on machines of their own are kept there by a person, and no pull request runs beside them', () => {
    const apart = notesOf(
      `${onRunner}ci: { github: { deployOn: own }, gitlab: { deployOn: [own] }, jenkins: { deployOn: own } }\n`,
    );
    expect(apart).toMatch(/run on machines of their own \(`ci\.\w+\.deployOn`\)/);
    expect(apart).not.toMatch(/code of pull requests/);
    expect(notesOf(onRunner)).toMatch(/name others for deployments in `ci\.\w+\.deployOn`/);
    const same = notesOf(
      'ci: { github: { deployOn: ubuntu-24.04 }, gitlab: { tags: [a], deployOn: [a] } }\n' + onRunner,
    );
    expect(same.includes('machines of their own')).toBe(false);
  });

  test('a job that deploys to a cluster needs a way there', () => {
    expect(notesOf(onCluster)).toMatch(/^production: .*KUBECONFIG.*`slipway rbac`/m);
    expect(notesOf(onRunner)).not.toMatch(/KUBECONFIG/);
  });

  test('each note is a sentence', () => {
    for (const note of notesOf(`image: ghcr.io/acme/greeter\nbranches: gitflow\n${onRunner}`).split('\n')) {
      expect(note).toMatch(/[^.]\.$/);
    }
  });
});

test('GitLab: protected are all branches and tags that reach an environment, and the cache stays apart', () => {
  const { project } = parseProject(
    'service: greeter\nbranches: gitflow\nenvironments: { staging: {}, production: {} }\n',
    'slipway.yaml',
    { toolchain: 'rust', file: 'Cargo.toml' },
  );
  if (project === null) throw new Error('the project is not sound');
  const notes = gitlabGenerator.generate(planJobs({ project, version: '1.2.3' }), SHIPPED_PINS).notes.join('\n');
  expect(notes).toContain('Protect the branches main, develop, release/*, hotfix/* and the tags v*.*.*');
  expect(notes).toMatch(/Leave "Use separate caches for protected branches" .* on/);
});
