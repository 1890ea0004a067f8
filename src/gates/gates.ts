/** Does whichever gate is asked for. What can't be done at all is `error`: it says nothing about the release. */

import type { Gate, GateOrder, GateTarget, GateVerdict } from '../delivery/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { messageOf } from '../kernel/fault.ts';
import { runEndToEnd } from './end-to-end.ts';
import { runLoad } from './load/load-gate.ts';
import { runSmoke } from './smoke.ts';

export interface GatesOptions {
  readonly clock: Clock;
  /** What the project's own end-to-end tests inherit. */
  readonly environment: Readonly<Record<string, string>>;
  /** Program and first arguments of the load generator (`load/main.ts`). */
  readonly loadProgram: readonly string[];
}

export function createGates({ clock, environment, loadProgram }: GatesOptions): Gate {
  const run = (order: GateOrder, { url, endToEnd }: GateTarget, signal: AbortSignal): Promise<GateVerdict> => {
    switch (order.gate) {
      case 'smoke':
        return runSmoke({ probes: order.probes, url, clock, signal });
      case 'load':
        return runLoad({ load: order.load, url, program: loadProgram, signal });
      case 'e2e':
        return runEndToEnd({ plan: endToEnd, url, environment, signal });
    }
  };
  return {
    async run(order, target, signal) {
      try {
        signal.throwIfAborted();
        return await run(order, target, signal);
      } catch (error) {
        if (signal.aborted) return { kind: 'error', summary: 'it was stopped' };
        return { kind: 'error', summary: messageOf(error) };
      }
    },
  };
}
