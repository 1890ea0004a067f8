import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { account, createRig, task } from './pipeline-rig.ts';
import { runSchedule, type Schedulable } from './schedule.ts';

/** A random acyclic graph: each task may need any earlier one. Some share one of two slots, some are settled at once. */
interface RandomTask extends Schedulable {
  readonly known: boolean;
  readonly turns: number;
}

const graph = fc.integer({ min: 1, max: 14 }).chain((size) =>
  fc.tuple(
    ...Array.from({ length: size }, (_, index) =>
      fc.record({
        needs: fc.subarray(Array.from({ length: index }, (_, earlier) => `t${earlier}`)),
        slot: fc.constantFrom(undefined, undefined, 'cargo', 'port'),
        known: fc.boolean(),
        turns: fc.integer({ min: 0, max: 5 }),
      }),
    ),
  ),
);

function named(drawn: readonly (Omit<RandomTask, 'id' | 'slot'> & { slot: string | undefined })[]): RandomTask[] {
  return drawn.map(({ slot, ...others }, index) => ({
    id: `t${index}`,
    ...others,
    ...(slot === undefined ? {} : { slot }),
  }));
}

describe('a schedule of any acyclic graph', () => {
  test('performs each task once, after its needs, at most `limit` at once, and one at a time in a slot', async () => {
    await fc.assert(
      fc.asyncProperty(graph, fc.integer({ min: 1, max: 4 }), async (drawn, limit) => {
        const tasks = named(drawn);
        const running = new Set<RandomTask>();
        const ended = new Set<string>();
        const calls: string[] = [];
        let most = 0;
        const needsEnded = (task: RandomTask): void => {
          expect(task.needs.filter((id) => !ended.has(id))).toEqual([]);
        };
        const results = await runSchedule<RandomTask, number>({
          tasks,
          limit,
          settle(task) {
            needsEnded(task);
            calls.push(task.id);
            if (task.known) ended.add(task.id);
            return task.known ? 1 : undefined;
          },
          async perform(task, resultOf) {
            needsEnded(task);
            expect([...running].filter(({ slot }) => slot !== undefined && slot === task.slot)).toEqual([]);
            running.add(task);
            most = Math.max(most, running.size);
            for (let turn = 0; turn < task.turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
            running.delete(task);
            ended.add(task.id);
            return 1 + Math.max(0, ...task.needs.map((id) => resultOf(id)));
          },
        });
        expect(most).toBeLessThanOrEqual(limit);
        expect(calls.toSorted()).toEqual(tasks.map(({ id }) => id).toSorted());
        expect(results.size).toBe(tasks.length);
      }),
      { numRuns: 150 },
    );
  });

  test('gives the same results whatever the limit', async () => {
    await fc.assert(
      fc.asyncProperty(graph, async (drawn) => {
        const tasks = named(drawn);
        const run = async (limit: number) =>
          runSchedule<RandomTask, string>({
            tasks,
            limit,
            settle: ({ known, id }) => (known ? id : undefined),
            async perform({ id, needs, turns }, resultOf) {
              for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
              return `${id}(${needs.map((need) => resultOf(need)).join()})`;
            },
          });
        const one = await run(1);
        expect(await run(4)).toEqual(one);
      }),
      { numRuns: 80 },
    );
  });
});

test('independent tasks do run at the same time', async () => {
  let [running, most] = [0, 0];
  const count = async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running -= 1;
    return true;
  };
  const tasks = ['a', 'b', 'c', 'd'].map((id) => ({ id, needs: [] }));
  await runSchedule({ tasks, limit: 3, settle: () => undefined, perform: count });
  expect(most).toBe(3);
});

test('a whole run of any graph ends with the same contents whatever the order, and a second one runs nothing', async () => {
  await fc.assert(
    fc.asyncProperty(graph, async (drawn) => {
      const tasks = named(drawn).map(({ id, needs, slot, turns }) =>
        task(`build/${id}`, {
          needs: needs.map((need) => `build/${need}`),
          ...(slot === undefined ? {} : { slot }),
          async run({ need }) {
            for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
            const value = [id, ...needs.map((other) => need(`build/${other}`).value)];
            return { kind: 'passed', value, summary: id };
          },
        }),
      );
      const [first, second] = [createRig(), createRig()];
      try {
        const contents = async (rig: typeof first, limit: number) => {
          const { results } = await rig.run(tasks, { limit });
          return results.map((result) => ('content' in result ? [result.task, result.content] : []));
        };
        expect(await contents(first, 1)).toEqual(await contents(second, 4));
        expect(new Set(Object.values(account(await first.run(tasks))))).toEqual(new Set(['cached']));
      } finally {
        first.remove();
        second.remove();
      }
    }),
    { numRuns: 6 },
  );
});
