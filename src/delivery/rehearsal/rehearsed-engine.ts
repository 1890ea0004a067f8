/** The engine of a rehearsal: made from its store, killed where the rehearsal says so, and made again from the store. */

import type { Command } from '../command.ts';
import type { CommandAnswer, Controller, ControllerOptions } from '../controller.ts';
import type { EnvironmentState } from '../engine-state.ts';

export type CreateEngine = (options: ControllerOptions) => Promise<Controller>;

export interface RehearsedEngine {
  tick(): Promise<void>;
  command(command: Command): Promise<CommandAnswer>;
  /** Killed between two looks, and back again. */
  crash(): Promise<void>;
  state(): EnvironmentState;
  /** How many points (an intent or an outcome was saved) it has passed. */
  points(): number;
}

export interface RehearsedEngineOptions {
  readonly create: CreateEngine;
  readonly options: Omit<ControllerOptions, 'onPoint' | 'rounds'>;
  /** The points at which it is killed: 1 is the first one. */
  readonly crashAt: ReadonlySet<number>;
  readonly onCrash: (before: EnvironmentState, after: EnvironmentState) => void;
}

/** Nothing takes time at an instant of a rehearsal, so what follows from it is done before the next one. */
const ROUNDS = 200;

/** Thrown out of the engine in the place of a SIGKILL: what it had in memory is gone. */
class Killed extends Error {}

export async function createRehearsedEngine(engine: RehearsedEngineOptions): Promise<RehearsedEngine> {
  const { create, crashAt, onCrash } = engine;
  let points = 0;
  const onPoint = (): void => {
    points += 1;
    if (crashAt.has(points)) throw new Killed(`killed at point ${points}`);
  };
  const options: ControllerOptions = { ...engine.options, rounds: ROUNDS, onPoint };
  let controller = await create(options);

  const crash = async (): Promise<void> => {
    const before = controller.state();
    controller = await create(options);
    onCrash(before, controller.state());
  };
  const tick = async (): Promise<void> => {
    try {
      await controller.tick();
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      await crash();
      await tick();
    }
  };
  return {
    tick,
    crash,
    async command(command) {
      try {
        return await controller.command(command);
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
        // The points lie after the command was saved, so it is obeyed; only the answer is lost. An engine that comes back
        // looks before it listens.
        await crash();
        await tick();
        return {
          done: true,
          answer: 'the engine was killed while it obeyed',
          rollout: null,
          queued: null,
          refusal: null,
        };
      }
    },
    state: () => controller.state(),
    points: () => points,
  };
}
