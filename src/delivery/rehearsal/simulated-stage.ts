/** Who runs on the simulated platform, by release number, and how each name behaves. */

import type { CounterRow, ReleaseStatus } from '../observation.ts';
import type { Rehearsal, ReleaseChange, SimulatedRelease } from './rehearsal.ts';
import { createRunningRelease, type RunningRelease, type World } from './simulated-release.ts';

export interface SimulatedStage {
  readonly releases: ReadonlyMap<number, RunningRelease>;
  enter(number: number, name: string): RunningRelease;
  /** Enters with every replica ready: how long they took is past. */
  start(number: number, name: string): void;
  playing(number: number): RunningRelease;
  behaviourOf(name: string): SimulatedRelease;
  change(name: string, change: ReleaseChange): void;
  settle(now: number): boolean;
  nextReady(): number;
  endSecond(): void;
  statuses(): Record<number, ReleaseStatus>;
  counters(): readonly CounterRow[];
}

export function createSimulatedStage(rehearsal: Rehearsal, world: World): SimulatedStage {
  const behaviours = new Map(Object.entries(rehearsal.releases));
  const releases = new Map<number, RunningRelease>();
  const behaviourOf = (name: string): SimulatedRelease => {
    const behaviour = behaviours.get(name);
    if (behaviour === undefined) throw new Error(`the rehearsal describes no release "${name}"`);
    return behaviour;
  };
  const stage: SimulatedStage = {
    releases,
    enter(number, name) {
      const known = releases.get(number);
      if (known !== undefined) return known;
      const created = createRunningRelease({ number, name, behaviour: behaviourOf(name), world });
      releases.set(number, created);
      return created;
    },
    start(number, name) {
      const release = stage.enter(number, name);
      release.behave({ ...behaviourOf(name), startsIn: 0 });
      release.scale(rehearsal.spec.replicas, 0);
      release.settle(0);
      release.behave(behaviourOf(name));
    },
    playing(number) {
      const release = releases.get(number);
      if (release === undefined) throw new Error(`#${number} was never named by the engine`);
      return release;
    },
    behaviourOf,
    change(name, { gates, ...change }) {
      const before = behaviourOf(name);
      const after: SimulatedRelease = { ...before, ...change, gates: { ...before.gates, ...gates } };
      behaviours.set(name, after);
      for (const release of releases.values()) if (release.name === name) release.behave(after);
    },
    settle(now) {
      let changed = false;
      for (const release of releases.values()) changed = release.settle(now) || changed;
      return changed;
    },
    nextReady: () => Math.min(...[...releases.values()].map((release) => release.nextReady())),
    endSecond() {
      for (const release of releases.values()) release.endSecond();
    },
    statuses() {
      const statuses: Record<number, ReleaseStatus> = {};
      for (const release of releases.values()) {
        const status = release.status();
        if (status !== null) statuses[release.number] = status;
      }
      return statuses;
    },
    counters: () => [...releases.values()].flatMap((release) => release.counters()),
  };
  return stage;
}
