/**
 * Gates on the simulated platform: each run takes its time and ends as the release of the rehearsal says. The load gate
 * sends its requests to that release alone, so the judge can count them.
 */

import type { Random } from '../../kernel/random.ts';
import type { GateRun, GateStatus } from '../gate.ts';
import type { SimulatedStage } from './simulated-stage.ts';

export interface SimulatedGates {
  /** Exactly these runs; one that is known already goes on. */
  want(runs: readonly GateRun[], now: number): void;
  /** Sends what is to be sent up to `now`, and ends what is due. Returns whether a run has ended. */
  settle(now: number): boolean;
  /** When the next run ends; `Infinity` when none is under way. */
  nextEnd(): number;
  statuses(): Readonly<Record<string, GateStatus>>;
}

export interface SimulatedGatesOptions {
  readonly stage: SimulatedStage;
  readonly random: Random;
}

interface Run {
  readonly run: GateRun;
  readonly startedAt: number;
  readonly endsAt: number;
  sent: number;
  status: GateStatus;
}

export function createSimulatedGates({ stage, random }: SimulatedGatesOptions): SimulatedGates {
  let runs: readonly Run[] = [];

  const start = (run: GateRun, now: number): Run => {
    const { gateTakes } = stage.behaviourOf(stage.playing(run.release).name);
    const takes = gateTakes ?? (run.order.gate === 'load' ? run.order.load.for : 0);
    return { run, startedAt: now, endsAt: now + takes, sent: 0, status: { kind: 'running' } };
  };
  /** All of the load, however long the run takes: it is spread over it evenly. */
  const send = (one: Run, now: number): void => {
    const { order, release } = one.run;
    if (order.gate !== 'load') return;
    const all = Math.round((order.load.rate * order.load.for) / 1000);
    const share = now >= one.endsAt ? 1 : (now - one.startedAt) / (one.endsAt - one.startedAt);
    for (const due = Math.floor(all * share + 1e-6); one.sent < due; one.sent += 1) {
      const luck = random.next();
      stage.playing(release).serve({ luck, pace: random.next(), source: 'direct', key: null, isNew: false });
    }
  };
  const end = ({ run, sent }: Run): GateStatus => {
    const { gate } = run.order;
    const release = stage.playing(run.release);
    if ((release.status()?.ready ?? 0) === 0) return { kind: 'failed', summary: 'no replica answered' };
    const how = stage.behaviourOf(release.name).gates[gate];
    if (how === 'error') return { kind: 'error', summary: `the gate ${gate} could not be done` };
    const what = gate === 'load' ? `${sent} requests` : `the gate ${gate}`;
    return how === 'pass'
      ? { kind: 'passed', summary: `${what} went well` }
      : { kind: 'failed', summary: `${what} did not go well` };
  };
  return {
    want(wanted, now) {
      runs = wanted.map((run) => runs.find((known) => known.run.id === run.id) ?? start(run, now));
    },
    settle(now) {
      let ended = false;
      for (const one of runs) {
        if (one.status.kind !== 'running') continue;
        send(one, now);
        if (now < one.endsAt) continue;
        one.status = end(one);
        ended = true;
      }
      return ended;
    },
    nextEnd: () => Math.min(...runs.map(({ status, endsAt }) => (status.kind === 'running' ? endsAt : Infinity))),
    statuses: () => Object.fromEntries(runs.map(({ run, status }) => [run.id, status])),
  };
}
