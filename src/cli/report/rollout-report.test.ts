import { describe, expect, test } from 'vitest';
import { createServingRig, PLAN, type Rig, SPEC } from '../../../test/rigs/engine-rig.ts';
import { plainTerminal } from '../../../test/rigs/terminal-rig.ts';
import { type EnvironmentSpec, readEnvironments } from '../../delivery/index.ts';
import { Fault } from '../../kernel/fault.ts';
import { environmentReport } from './rollout-report.ts';

const ROLLING: EnvironmentSpec['strategy'] = {
  kind: 'rolling',
  maxSurge: { count: 1 },
  maxUnavailable: { count: 0 },
  deadline: 600_000,
  onDeadline: 'abort',
};

function statusOf(rig: Rig): string {
  const view = readEnvironments(rig.journal).get('herald/local');
  if (view === undefined) throw new Error('nothing was told');
  return environmentReport(view, rig.clock.wall(), plainTerminal());
}

describe('the status of an environment', () => {
  test('names who has approved and the one command that ends the wait, with the environment', async () => {
    const rig = await createServingRig();
    await rig.deploy(2, { ...SPEC, approval: { count: 2, by: ['ana', 'leads'], expires: null } });
    await rig.order({ kind: 'approve', by: 'ben', groups: ['leads'], authenticated: false });
    const status = statusOf(rig);
    expect(status).toMatch(/^herald\/local {2}paused \(approval\)/);
    expect(status).toContain('approved by ben of leads (recorded, not authenticated), 1 of 2');
    expect(status).toMatch(/waits until a person decides; "slipway approve local" ends it/);
    expect(status).not.toContain('no request has reached');
    await rig.seconds(90);
    expect(statusOf(rig)).toContain('waits until a person decides (1m 30s so far); "slipway approve local" ends it');
  });

  test('shows what a judge step of its own has counted while that is what decides', async () => {
    const rig = await createServingRig();
    const judge = { ...PLAN.judge, detect: 1.01, slo: { errors: 0.0001, p99: null } };
    const steps = [
      { kind: 'weight', weight: 0.5 },
      { kind: 'judge', judge },
      { kind: 'weight', weight: 1 },
    ] as const;
    await rig.deploy(2, { ...SPEC, strategy: { ...PLAN, steps } });
    await rig.seconds(20);
    const [own] = /#2: 0 bad of \d+ · #1: 0 bad of \d+/.exec(statusOf(rig)) ?? [];
    const last = readEnvironments(rig.journal).get('herald/local')?.rollouts.at(-1);
    expect(last?.ownCounted).not.toBeNull();
    expect(own).toContain(`#2: 0 bad of ${last?.ownCounted?.candidate.requests} ·`);
  });

  test('shows no evidence in a rolling plan, where no judge acts', async () => {
    const rig = await createServingRig();
    // With a gate that goes on and on it stays under way.
    await rig.deploy(2, { ...SPEC, strategy: ROLLING, gates: { ...SPEC.gates, e2e: true } });
    await rig.seconds(5);
    expect(statusOf(rig)).toMatch(/#2: 0 bad of \d+/);
    expect(statusOf(rig)).not.toContain('e =');
  });

  test('shows how the gates ended that have', async () => {
    const rig = await createServingRig();
    const gates: EnvironmentSpec['gates'] = {
      smoke: [{ method: 'get', path: '/', body: null, status: 200 }],
      load: { path: '/', rate: 10, for: 1000, p99: null, errors: 0 },
      e2e: false,
    };
    rig.world.gateEnds.set('smoke', { kind: 'passed', summary: '1 probe was answered as expected' });
    await rig.deploy(2, { ...SPEC, strategy: { ...PLAN, steps: [{ kind: 'weight', weight: 1 }] }, gates });
    await rig.seconds(5);
    expect(statusOf(rig)).toContain('✔ smoke  1 probe was answered as expected');
    expect(statusOf(rig)).toMatch(/waits for .*load/);
  });

  test('says what waits for the end of this rollout', async () => {
    const rig = await createServingRig();
    const spec: EnvironmentSpec = { ...SPEC, strategy: { ...PLAN, supersede: 'queue' } };
    await rig.deploy(2, spec);
    await rig.deploy(3, spec);
    expect(statusOf(rig)).toContain('#3 waits and is rolled out when this one has ended');
  });

  test('tells a candidate that leaves from a release that is kept warm', async () => {
    const rig = await createServingRig();
    await rig.deploy(2, { ...SPEC, strategy: { ...PLAN, keepAborted: 60_000 } });
    await rig.seconds(5);
    await rig.order({ kind: 'abort' });
    await rig.seconds(2);
    expect(statusOf(rig)).toMatch(/#1 +stable +2 of 2 ready/);
    expect(statusOf(rig)).toMatch(/#2 +leaving +\d of \d ready/);
  });

  test('says for how long a promoted release is still guarded, and by which control', async () => {
    const rig = await createServingRig();
    const steps = [{ kind: 'weight', weight: 1 }] as const;
    await rig.deploy(2, { ...SPEC, guard: 600_000, strategy: { ...PLAN, steps } });
    await rig.seconds(60);
    const status = statusOf(rig);
    expect(status).toMatch(/^herald\/local {2}healthy/);
    expect(status).toMatch(/#1 +control/);
    const [, minutes] = /guarded for another (\d+)m.*with #1 as control; #2: 0 bad of \d{4,}/.exec(status) ?? [];
    expect(Number(minutes)).toBeGreaterThanOrEqual(8);
    expect(Number(minutes)).toBeLessThan(10);
  });

  test('says what can not be done, for how long, why and what to do, also where it is healthy', async () => {
    const rig = await createServingRig();
    rig.world.refusing = new Fault({
      code: 'rig/quota',
      kind: 'refused',
      message: 'the quota allows 1 pod.',
      hint: 'Ask for less.',
    });
    rig.world.resize(1, 1);
    await rig.seconds(30);
    const status = statusOf(rig);
    expect(status).toMatch(/^herald\/local {2}healthy, but not all can be done\n/);
    expect(status).toMatch(
      /\n {2}✘ can't run 2 replicas of #1 \(for 29s\): the quota allows 1 pod\.\n {4}Ask for less\./,
    );
    rig.world.refusing = null;
    await rig.seconds(60);
    expect(statusOf(rig)).toMatch(/^herald\/local {2}healthy\n/);
  });

  test('says why the agent can not see or drive it, since when and what to do, until it can again', async () => {
    const rig = await createServingRig();
    const data = { message: 'The cluster does not answer.', hint: 'Log in again.' };
    rig.journal.append([{ kind: 'agent.failed', subject: 'herald/local', data }]);
    await rig.clock.advance(90_000);
    expect(statusOf(rig)).toMatch(/healthy, but not all can be done\n/);
    expect(statusOf(rig)).toContain('✘ for 1m 30s: The cluster does not answer.\n    Log in again.');
    rig.journal.append([{ kind: 'agent.recovered', subject: 'herald/local', data: { message: 'over' } }]);
    expect(statusOf(rig)).toMatch(/^herald\/local {2}healthy\n/);
    expect(statusOf(rig)).not.toContain('✘');
  });
});
