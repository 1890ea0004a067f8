import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../kernel/clock.ts';
import { describePlan, type PlannedState } from './describe-plan.ts';
import { createRig, type Rig, shell, task } from './pipeline-rig.ts';
import { planPipeline } from './plan.ts';

const ids = (plan: { tasks: readonly { id: string }[] }) => plan.tasks.map(({ id }) => id);

const TASKS = [
  task('package/image', { needs: ['build/module', 'test/unit'] }),
  task('check/format'),
  task('build/module'),
  task('test/unit'),
  task('deploy/local', { needs: ['package/image'] }),
];

describe('a plan', () => {
  test('puts each task after those that it needs', () => {
    expect(ids(planPipeline(TASKS))).toEqual([
      'build/module',
      'test/unit',
      'package/image',
      'check/format',
      'deploy/local',
    ]);
  });

  test('of a stage holds that stage and what it needs, no more', () => {
    const plan = planPipeline(TASKS, { stages: ['package'] });
    expect(ids(plan)).toEqual(['build/module', 'test/unit', 'package/image']);
    expect([...plan.selected]).toEqual(['package/image']);
    expect(ids(planPipeline(TASKS, { stages: ['check'], tasks: ['build/module'] }))).toEqual([
      'build/module',
      'check/format',
    ]);
    expect(ids(planPipeline(TASKS, { stages: [] }))).toEqual([]);
  });

  test('of any acyclic graph is in a valid order', () => {
    const edges = fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 25 });
    fc.assert(
      fc.property(edges, (pairs) => {
        const tasks = Array.from({ length: 10 }, (_, index) => {
          const needs = pairs
            .filter(([a, b]) => Math.max(a, b) === index && a !== b)
            .map(([a, b]) => `build/t${Math.min(a, b)}`);
          return task(`build/t${index}`, { needs });
        }).toReversed();
        const order = ids(planPipeline(tasks));
        for (const { id, needs } of tasks) {
          for (const need of needs) expect(order.indexOf(need)).toBeLessThan(order.indexOf(id));
        }
      }),
    );
  });

  test.each([
    ['pipeline/duplicate-task', [task('build/a'), task('build/a')], /two tasks build\/a/],
    ['pipeline/unknown-task', [task('build/a', { needs: ['build/b'] })], /no task build\/b, which build\/a needs/],
    ['pipeline/malformed-task', [task('build/../a')], /can't be the id/],
    ['pipeline/malformed-task', [{ ...task('build/a'), stage: 'test' as const }], /can't be the id/],
    [
      'pipeline/cycle',
      [
        task('build/x', { needs: ['build/a'] }),
        task('build/a', { needs: ['build/b'] }),
        task('build/b', { needs: ['build/a'] }),
      ],
      /build\/a → build\/b → build\/a/,
    ],
  ])('refuses what it can not run: %s', (code, tasks, message) => {
    expect(() => planPipeline(tasks)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });

  test('refuses a selected task that does not exist', () => {
    expect(() => planPipeline(TASKS, { tasks: ['build/none'] })).toThrow(
      expect.objectContaining({ code: 'pipeline/unknown-task' }),
    );
  });
});

describe('what the plan would do', () => {
  let rig: Rig;
  beforeEach(() => {
    rig = createRig();
    rig.write('a.txt', 'a');
    rig.write('b.txt', 'b');
  });
  afterEach(() => rig.remove());

  const tasks = [
    shell('check/format', 'echo 0 problems', { files: ['b.txt'] }),
    shell('build/module', 'cat a.txt', { files: ['a.txt'] }),
    shell('test/unit', 'echo 3 passed', { needs: ['build/module'] }),
    shell('package/image', 'echo packed', { needs: ['test/unit', 'check/format'] }),
  ];

  const described = (): Record<string, PlannedState> => {
    const { cache, project, environment } = rig;
    const plan = planPipeline(tasks);
    const list = describePlan({ plan, cache, project, environment, clock: systemClock });
    return Object.fromEntries(list.map(({ id, state }) => [id, state]));
  };

  test('before anything has run', () => {
    expect(described()).toEqual({
      'check/format': { kind: 'runs', why: [{ kind: 'first-run' }] },
      'build/module': { kind: 'runs', why: [{ kind: 'first-run' }] },
      'test/unit': { kind: 'depends', on: ['build/module'] },
      'package/image': { kind: 'depends', on: ['test/unit', 'check/format'] },
    });
  });

  test('says what is there already, what runs and why, and what depends on that; and describing changes nothing', async () => {
    await rig.run(tasks);
    expect(new Set(Object.values(described()).map(({ kind }) => kind))).toEqual(new Set(['cached']));
    expect(described()['test/unit']).toMatchObject({ kind: 'cached', summary: '3 passed' });
    rig.write('a.txt', 'A');
    for (const _again of [1, 2]) {
      expect(described()).toMatchObject({
        'check/format': { kind: 'cached' },
        'build/module': { kind: 'runs', why: [{ kind: 'file', path: 'a.txt', change: 'changed' }] },
        'test/unit': { kind: 'depends', on: ['build/module'] },
        'package/image': { kind: 'depends', on: ['test/unit'] },
      });
    }
  });
});
