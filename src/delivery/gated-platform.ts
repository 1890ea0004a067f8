/**
 * A decorator that gives a platform its gates: it starts each run that the engine asks for, stops the ones that it asks
 * for no more, and reports all of them. What it knows of runs ends with the process: the engine asks again then.
 */

import { messageOf } from '../kernel/fault.ts';
import type { GatesEffect } from './effect.ts';
import type { Gate, GateRun, GateStatus, GateTarget, GateVerdict } from './gate.ts';
import type { EnvironmentContext, Platform } from './platform.ts';

export interface GatedPlatformOptions {
  readonly platform: Platform;
  readonly gate: Gate;
  /** Where a release answers by itself, whatever users get; `null` while that is not known. */
  readonly targetOf: (context: EnvironmentContext, release: number) => GateTarget | null;
}

export interface GatedPlatform extends Platform {
  /** Stops every run, and resolves when the last of them has ended. */
  close(): Promise<void>;
}

interface Run {
  readonly ending: AbortController;
  readonly over: Promise<void>;
  readonly status: () => GateStatus;
}

/** Runs of one environment, by id. */
type Runs = Map<string, Run>;

export function gatedPlatform({ platform, gate, targetOf }: GatedPlatformOptions): GatedPlatform {
  const environments = new Map<string, Runs>();
  const listeners = new Map<string, Set<() => void>>();
  const changed = (key: string): void => listeners.get(key)?.forEach((listener) => listener());

  const start = (context: EnvironmentContext, run: GateRun): Run => {
    const ending = new AbortController();
    let status: GateStatus = { kind: 'running' };
    const perform = async (): Promise<void> => {
      status = await attempt(async () => {
        const target = targetOf(context, run.release);
        if (target === null) return { kind: 'error', summary: `#${run.release} has no address yet` };
        return gate.run(run.order, target, ending.signal);
      });
      if (!ending.signal.aborted) changed(context.key);
    };
    return { ending, over: perform(), status: () => status };
  };
  const want = (context: EnvironmentContext, { runs: wanted }: GatesEffect): void => {
    const before: Runs = environments.get(context.key) ?? new Map();
    const runs: Runs = new Map(wanted.map((run) => [run.id, before.get(run.id) ?? start(context, run)]));
    for (const [id, run] of before) if (!runs.has(id)) stop(run);
    if (runs.size > 0) environments.set(context.key, runs);
    else environments.delete(context.key);
  };
  return {
    async observe(context, signal) {
      const observation = await platform.observe(context, signal);
      const runs = environments.get(context.key) ?? [];
      return { ...observation, gates: Object.fromEntries([...runs].map(([id, run]) => [id, run.status()])) };
    },
    async apply(context, effect, signal) {
      if (effect.kind !== 'gates') return platform.apply(context, effect, signal);
      want(context, effect);
    },
    check: (context, release, signal) => platform.check(context, release, signal),
    watch(key, onChange) {
      const end = platform.watch(key, onChange);
      const here = listeners.get(key) ?? new Set();
      listeners.set(key, here.add(onChange));
      return () => {
        end();
        here.delete(onChange);
        if (here.size === 0) listeners.delete(key);
      };
    },
    async close() {
      const runs = [...environments.values()].flatMap((one) => [...one.values()]);
      environments.clear();
      runs.forEach(stop);
      await Promise.all(runs.map(({ over }) => over));
    },
  };
}

function stop({ ending }: Run): void {
  ending.abort(new Error('the gate is not wanted any more'));
}

/** A gate that throws could not be done, which says nothing about the release. */
async function attempt(work: () => Promise<GateVerdict>): Promise<GateVerdict> {
  try {
    return await work();
  } catch (error) {
    return { kind: 'error', summary: messageOf(error) };
  }
}
