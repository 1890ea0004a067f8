import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { graphOf } from '../../test/hosts/project-graph.ts';
import type { HostName } from './host-generator.ts';
import { openGenerator } from './index.ts';
import { SHIPPED_PINS } from './pins.ts';

const PROJECT = 'service: greeter\nimage: ghcr.io/acme/greeter\nbranches: trunk\nenvironments: { production: {} }\n';
const APART = `${PROJECT}ci:
  github: { runsOn: shared, deployOn: apart }
  gitlab: { tags: [shared], deployOn: [apart, eu] }
  jenkins: { agent: shared, deployOn: apart }
`;
const TOGETHER = APART.replaceAll(/, deployOn: (\[.*?\]|\w+)/g, '');

async function textOf(host: HostName, project: string): Promise<string> {
  return (await openGenerator(host)).generate(graphOf(project), SHIPPED_PINS).text;
}

describe('deployments and rollbacks run where the project says, and all else where it ran', () => {
  type Jobs = Readonly<Record<string, { readonly 'runs-on'?: string; readonly tags?: readonly string[] }>>;
  const moved = (ids: readonly string[]) => ids.filter((id) => /^(?:deploy|rollback)-/.test(id));

  test('on GitHub', async () => {
    const { jobs } = parse(await textOf('github', APART)) as { readonly jobs: Jobs };
    expect(moved(Object.keys(jobs))).toEqual(['deploy-production', 'rollback-production']);
    for (const [id, job] of Object.entries(jobs)) {
      expect([id, job['runs-on']]).toEqual([id, moved([id]).length > 0 ? 'apart' : 'shared']);
    }
    expect(await textOf('github', TOGETHER)).not.toContain('apart');
  });

  test('on GitLab', async () => {
    const { default: every, ...jobs } = parse(await textOf('gitlab', APART)) as Jobs;
    expect(every?.tags).toEqual(['shared']);
    const own = Object.entries(jobs).filter(([, { tags }]) => tags !== undefined);
    expect(own.map(([id, { tags }]) => [id, tags])).toEqual([
      ['deploy-production', ['apart', 'eu']],
      ['rollback-production', ['apart', 'eu']],
    ]);
    expect((await textOf('gitlab', TOGETHER)).match(/tags:/g)).toHaveLength(1);
  });

  test('on Jenkins', async () => {
    const text = await textOf('jenkins', APART);
    const [before = '', after = ''] = text.split("stage('deploy-production')");
    expect(before).toContain("label 'shared'");
    expect(before).not.toContain('apart');
    expect(after.match(/label '\w+'/g)).toEqual(["label 'apart'", "label 'apart'"]);
    expect(await textOf('jenkins', TOGETHER)).not.toContain('apart');
  });
});
