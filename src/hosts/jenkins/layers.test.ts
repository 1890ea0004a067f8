import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { madeJob } from '../../../test/rigs/made-job.ts';
import type { Job } from '../job-graph.ts';
import { type Layer, layersOf, lostParallelism } from './layers.ts';

const namesOf = (layers: readonly Layer[]): readonly string[] =>
  layers.map((layer) => layer.map((chain) => chain.map(({ id }) => id).join('>')).join(' | '));

/** Each job may need any earlier one. */
const graphs = fc
  .array(fc.array(fc.nat({ max: 7 }), { maxLength: 3 }), { minLength: 1, maxLength: 8 })
  .map((needs): readonly Job[] =>
    needs.map((wanted, index) =>
      madeJob({ id: `j${index}`, needs: [...new Set(wanted.filter((at) => at < index).map((at) => `j${at}`))] }),
    ),
  );

test('every job has one place, behind all that it needs', () => {
  fc.assert(
    fc.property(graphs, (jobs) => {
      const done = new Set<string>();
      for (const layer of layersOf(jobs)) {
        for (const chain of layer) {
          const inChain = new Set(done);
          for (const { id, needs } of chain) {
            for (const need of needs) expect(inChain).toContain(need);
            inChain.add(id);
          }
        }
        for (const { id } of layer.flat()) done.add(id);
      }
      expect([...done].sort()).toEqual(jobs.map(({ id }) => id).sort());
    }),
  );
});

test('a job that waits for others than it needs is named, once', () => {
  const jobs = [
    madeJob({ id: 'check' }),
    madeJob({ id: 'build' }),
    madeJob({ id: 'test', needs: ['build'] }),
    madeJob({ id: 'scan', needs: ['build'] }),
    madeJob({ id: 'sign', needs: ['scan'] }),
    madeJob({ id: 'package', needs: ['check', 'test', 'scan', 'sign'] }),
  ];
  const layers = layersOf(jobs);
  expect(namesOf(layers)).toEqual(['check | build', 'test | scan', 'sign', 'package']);
  expect(lostParallelism(layers).map((sentence) => sentence.replace(/ though.*/, ''))).toEqual([
    'test waits for check',
    'scan waits for check',
    'sign waits for test',
  ]);
});

test('jobs that only need each other stand in one branch, so that nobody else waits for them', () => {
  const jobs = [
    madeJob({ id: 'build' }),
    madeJob({ id: 'scan', needs: ['build'] }),
    madeJob({ id: 'check' }),
    madeJob({ id: 'package', needs: ['scan', 'check'] }),
  ];
  expect(namesOf(layersOf(jobs))).toEqual(['build>scan | check', 'package']);
  expect(lostParallelism(layersOf(jobs))).toEqual([]);
});

test('jobs of different events stand one behind the other, and what people ask for last', () => {
  const to = (id: string, pattern: string): Job =>
    madeJob({ id, kind: 'deploy', when: { ways: [{ event: 'push', ref: 'branch', pattern }] } });
  const asked = madeJob({ id: 'rollback', when: { ways: [{ event: 'manual', job: 'rollback' }] } });
  const layers = layersOf([asked, to('a', 'main'), to('b', 'develop'), to('c', 'm*')]);
  expect(namesOf(layers)).toEqual(['b', 'a | c', 'rollback']);
  expect(lostParallelism(layers)).toEqual([]);
});
