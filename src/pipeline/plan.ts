/** Which tasks a run consists of, and that they can be run at all. */

import { pipelineFault } from './pipeline-fault.ts';
import { type StageName, STAGES, type TaskDefinition } from './task.ts';

export interface Selection {
  /** Whole stages; with `tasks` both are taken. Neither: everything. */
  readonly stages?: readonly StageName[];
  /** Ids of single tasks. */
  readonly tasks?: readonly string[];
}

export interface Plan {
  /** What was selected and everything it needs: each task after those it needs, else in the order given. */
  readonly tasks: readonly TaskDefinition[];
  /** Ids of what was selected itself. */
  readonly selected: ReadonlySet<string>;
}

const ID = /^[a-z][a-z0-9-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)+$/;

/** @throws Fault `pipeline/…` when the tasks are no acyclic graph or the selection names an unknown one. */
export function planPipeline(tasks: readonly TaskDefinition[], selection: Selection = {}): Plan {
  const byId = indexed(tasks);
  const order = sorted(tasks, byId);
  const selected = selectedIds(tasks, byId, selection);
  const wanted = new Set(selected);
  for (const task of order.toReversed()) if (wanted.has(task.id)) for (const need of task.needs) wanted.add(need);
  return { tasks: order.filter(({ id }) => wanted.has(id)), selected };
}

function indexed(tasks: readonly TaskDefinition[]): ReadonlyMap<string, TaskDefinition> {
  const byId = new Map<string, TaskDefinition>();
  for (const task of tasks) {
    if (!ID.test(task.id) || !task.id.startsWith(`${task.stage}/`)) {
      throw pipelineFault({
        code: 'pipeline/malformed-task',
        message: `${JSON.stringify(task.id)} can't be the id of a task of the stage ${task.stage}.`,
        hint: `Name it ${task.stage}/WHAT, with letters, digits, dots, hyphens and underscores.`,
      });
    }
    if (byId.has(task.id)) {
      throw pipelineFault({
        code: 'pipeline/duplicate-task',
        message: `There are two tasks ${task.id}.`,
        hint: 'Give each task an id of its own.',
      });
    }
    byId.set(task.id, task);
  }
  return byId;
}

/** Depth first, so each task follows what it needs and otherwise the given order. */
function sorted(
  tasks: readonly TaskDefinition[],
  byId: ReadonlyMap<string, TaskDefinition>,
): readonly TaskDefinition[] {
  const order: TaskDefinition[] = [];
  const done = new Set<string>();
  const visit = (task: TaskDefinition, trail: readonly string[]): void => {
    if (done.has(task.id)) return;
    if (trail.includes(task.id)) throw cycle([...trail.slice(trail.indexOf(task.id)), task.id]);
    for (const id of task.needs) {
      const need = byId.get(id);
      if (need === undefined) throw unknownTask(id, `which ${task.id} needs`, byId);
      visit(need, [...trail, task.id]);
    }
    done.add(task.id);
    order.push(task);
  };
  for (const task of tasks) visit(task, []);
  return order;
}

function selectedIds(
  tasks: readonly TaskDefinition[],
  byId: ReadonlyMap<string, TaskDefinition>,
  { stages, tasks: ids }: Selection,
): ReadonlySet<string> {
  const chosen = stages === undefined && ids === undefined ? STAGES : (stages ?? []);
  for (const id of ids ?? []) if (!byId.has(id)) throw unknownTask(id, 'which is asked for', byId);
  return new Set([...tasks.filter(({ stage }) => chosen.includes(stage)).map(({ id }) => id), ...(ids ?? [])]);
}

function unknownTask(id: string, who: string, byId: ReadonlyMap<string, TaskDefinition>) {
  return pipelineFault({
    code: 'pipeline/unknown-task',
    message: `There is no task ${id}, ${who}.`,
    hint: `There are: ${[...byId.keys()].join(', ')}.`,
  });
}

function cycle(trail: readonly string[]) {
  return pipelineFault({
    code: 'pipeline/cycle',
    message: `These tasks need each other in a circle: ${trail.join(' → ')}.`,
    hint: 'Take one of these needs away.',
  });
}
