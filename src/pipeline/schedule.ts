/** The order of a run: who may start when. Knows nothing of what tasks do. */

export interface Schedulable {
  readonly id: string;
  readonly needs: readonly string[];
  readonly slot?: string;
}

export interface ScheduleOptions<Task extends Schedulable, Result> {
  /** Each after those it needs. */
  readonly tasks: readonly Task[];
  /** How many are performed at once, at least one. */
  readonly limit: number;
  /**
   * Called once for each task as soon as all it needs have a result: its result if there is nothing to perform (it is
   * known, or can't be had), else `undefined`.
   */
  readonly settle: (task: Task, resultOf: (id: string) => Result) => Result | undefined;
  /** Must not reject. At most `limit` run at once, and never two with the same slot. */
  readonly perform: (task: Task, resultOf: (id: string) => Result) => Promise<Result>;
}

/** Resolves when every task has a result. Of several that may start, the earlier in `tasks` does. */
export async function runSchedule<Task extends Schedulable, Result>(
  options: ScheduleOptions<Task, Result>,
): Promise<ReadonlyMap<string, Result>> {
  const { tasks, limit, settle, perform } = options;
  const results = new Map<string, Result>();
  const running = new Map<string, Promise<void>>();
  const takenSlots = new Set<string>();
  let waiting = tasks;
  let ready: readonly Task[] = [];

  const resultOf = (id: string): Result => {
    if (!results.has(id)) throw new Error(`The result of ${id} is asked for before it is there.`);
    return results.get(id) as Result;
  };

  const settleAll = (): void => {
    const still: Task[] = [];
    for (const task of waiting) {
      if (!task.needs.every((id) => results.has(id))) {
        still.push(task);
        continue;
      }
      const result = settle(task, resultOf);
      if (result === undefined) ready = [...ready, task];
      else results.set(task.id, result);
    }
    waiting = still;
  };

  const run = async (task: Task): Promise<void> => {
    results.set(task.id, await perform(task, resultOf));
    running.delete(task.id);
    if (task.slot !== undefined) takenSlots.delete(task.slot);
  };

  const start = (task: Task): void => {
    if (task.slot !== undefined) takenSlots.add(task.slot);
    running.set(task.id, run(task));
  };

  const startAll = (): void => {
    const still: Task[] = [];
    for (const task of ready) {
      const free = running.size < limit && (task.slot === undefined || !takenSlots.has(task.slot));
      if (free) start(task);
      else still.push(task);
    }
    ready = still;
  };

  for (;;) {
    settleAll();
    startAll();
    if (running.size === 0) return results;
    await Promise.race(running.values());
  }
}
