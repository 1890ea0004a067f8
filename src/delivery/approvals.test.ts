import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contentOf, createRig, createServingRig, PLAN, type Rig, SPEC } from '../../test/rigs/engine-rig.ts';
import type { RolloutApprovalRequested, RolloutApproved, RolloutRejected } from './approval-entries.ts';
import { dataOf, type RolloutEnded } from './entries.ts';
import { type Command, type EnvironmentSpec, type Release, releaseDigest } from './index.ts';

const ASKING: EnvironmentSpec = { ...SPEC, approval: { count: 2, by: [], expires: null } };

function approval(by: string, more: { release?: number; authenticated?: boolean } = {}): Command {
  return { kind: 'approve', by, groups: [], authenticated: false, ...more };
}

function told<Shape>(rig: Rig, kind: string): readonly Shape[] {
  return rig.journal.read({ kinds: [kind] }).map((entry) => dataOf<Shape>(entry));
}

async function refusalOf(rig: Rig, command: Command): Promise<string | undefined> {
  return (await rig.controller.command(command)).refusal?.code;
}

describe('what is asked and answered', () => {
  test('is written down with the digest of the release, who it was, and that nobody has checked that', async () => {
    const rig = await createServingRig();
    await rig.deploy(2, ASKING);
    expect(await rig.order(approval('ana'))).toBe(
      'ana approved #2 (recorded, not authenticated); #2 waits for 2 approvals (ana approved)',
    );
    expect(await rig.order(approval('ben', { authenticated: true }))).toBe('ben approved #2; it begins');
    const digest = releaseDigest(contentOf(2));
    expect(told<RolloutApprovalRequested>(rig, 'rollout.approvalRequested')).toMatchObject([
      { rollout: 'herald/local/2', candidate: 2, digest, needed: 2, by: [], until: null },
    ]);
    expect(told<RolloutApproved>(rig, 'rollout.approved')).toMatchObject([
      { digest, by: 'ana', authenticated: false, count: 1, needed: 2 },
      { digest, by: 'ben', authenticated: true, count: 2, needed: 2 },
    ]);
  });

  test('says why a release was rejected', async () => {
    const rig = await createServingRig();
    await rig.deploy(2, ASKING);
    const answer = await rig.order({ kind: 'reject', by: 'ana', because: 'not on a Friday' });
    expect(answer).toBe('#2 is rejected by ana: not on a Friday (recorded, not authenticated)');
    expect(rig.controller.state().rollout?.because).toBe('rejected by ana: not on a Friday');
    expect(told<RolloutRejected>(rig, 'rollout.rejected')).toMatchObject([{ by: 'ana', candidate: 2 }]);
  });

  test('counts a person once, and says who is still missing', async () => {
    const rig = await createServingRig();
    await rig.deploy(2, ASKING);
    await rig.order(approval('ana'));
    expect(await rig.order(approval('ana'))).toBe(
      'ana has approved #2 already: #2 waits for 2 approvals (ana approved)',
    );
    expect(rig.phase()).toBe('paused approval');
    await rig.order(approval('ben'));
    expect(await rig.order(approval('eve'))).toBe('#2 is approved already');
  });

  test('is refused where nothing asks', async () => {
    const rig = await createServingRig();
    expect(await refusalOf(rig, approval('ana'))).toBe('delivery/nothing-under-way');
    await rig.deploy(2);
    expect(await rig.order(approval('ana'))).toBe('#2 needs no approval');
    expect(await refusalOf(rig, { kind: 'reject', by: 'ana' })).toBe('delivery/no-approval-asked');
  });
});

describe('the gate of a CI system', () => {
  const gate = (run: number): Command => ({ ...approval(`the gate of GitHub (run ${run})`), gate: true }) as Command;

  test('is one approval, also where only some may approve, and says who vouches', async () => {
    const rig = await createServingRig();
    await rig.deploy(2, { ...ASKING, approval: { count: 1, by: ['managers'], expires: null } });
    expect(await refusalOf(rig, approval('eve'))).toBe('delivery/not-an-approver');
    expect(await rig.order(gate(1))).toBe(
      'the gate of GitHub (run 1) approved #2 (the host vouches for whom it asked, Slipway has not); it begins',
    );
    expect(told<RolloutApproved>(rig, 'rollout.approved')).toMatchObject([
      { gate: true, authenticated: false, count: 1 },
    ]);
  });

  test('is never more than one of a rollout, however often a job runs', async () => {
    const rig = await createServingRig();
    await rig.deploy(2, ASKING);
    await rig.order(gate(1));
    expect(await rig.order(gate(2))).toBe(
      'a gate has approved #2 already: #2 waits for 2 approvals (the gate of GitHub (run 1) approved)',
    );
    expect(rig.phase()).toBe('paused approval');
    await rig.order(approval('ana'));
    expect(rig.phase()).not.toBe('paused approval');
  });

  test('is asked anew for another release', async () => {
    const rig = await createServingRig();
    await rig.deploy(2, ASKING);
    await rig.order(gate(1));
    await rig.deploy(3, ASKING);
    expect(rig.controller.state().rollout).toMatchObject({ candidate: 3, approvals: [] });
  });
});

test('whoever was shown one release does not approve or reject another one that came meanwhile', async () => {
  const rig = await createServingRig();
  await rig.deploy(2, ASKING);
  await rig.deploy(3, ASKING);
  expect(await refusalOf(rig, approval('ana', { release: 2 }))).toBe('delivery/another-release');
  expect(await refusalOf(rig, { kind: 'reject', by: 'ana', release: 2 })).toBe('delivery/another-release');
  expect(rig.controller.state().rollout).toMatchObject({ candidate: 3, approvals: [], outcome: null });
  await rig.order(approval('ana', { release: 3 }));
  expect(rig.controller.state().rollout?.approvals).toHaveLength(1);
});

test('what waits for an approval is not paused, promoted or resumed, and an abort ends it', async () => {
  const rig = await createServingRig();
  await rig.deploy(2, ASKING);
  expect(await refusalOf(rig, { kind: 'pause' })).toBe('delivery/not-approved');
  expect(await refusalOf(rig, { kind: 'promote' })).toBe('delivery/not-approved');
  expect(await refusalOf(rig, { kind: 'resume' })).toBe('delivery/not-paused');
  await rig.order({ kind: 'abort' });
  await rig.seconds(5);
  expect([rig.phase(), rig.world.commands]).toEqual(['aborted aborted', []]);
});

test('an engine that comes back while people are asked knows who has approved', async () => {
  const rig = await createServingRig();
  await rig.deploy(2, ASKING);
  await rig.order(approval('ana'));
  await rig.crash();
  await rig.seconds(700);
  expect([rig.phase(), rig.world.commands]).toEqual(['paused approval', []]);
  await rig.order(approval('ben'));
  expect(rig.world.commands).toEqual(['#2 × 1', '#1 90% #2 10%']);
});

test('the time that people take is counted apart from what the rollout took', async () => {
  const rig = await createServingRig();
  await rig.deploy(2, { ...ASKING, approval: { ...ASKING.approval, count: 1 } });
  await rig.seconds(500);
  await rig.order(approval('ana'));
  await rig.seconds(10);
  await rig.order({ kind: 'pause' });
  await rig.seconds(100);
  await rig.order({ kind: 'resume' });
  await rig.seconds(51);
  const ended = told<RolloutEnded>(rig, 'rollout.ended').at(-1);
  expect(ended).toMatchObject({ outcome: 'promoted', duration: 660_000, held: 600_000 });
});

test('an aborted release that is promoted fully is asked for, unless it was approved', async () => {
  const rig = await createServingRig();
  await rig.deploy(2, ASKING);
  await rig.order({ kind: 'reject', by: 'ana' });
  expect(await rig.order({ kind: 'promoteFully' })).toContain('#2 waits for 2 approvals; then it goes on fully');
  await rig.seconds(10);
  expect([rig.phase(), rig.world.commands]).toEqual(['paused approval', []]);
  await rig.order(approval('ana'));
  await rig.order(approval('ben'));
  expect(rig.phase()).toBe('healthy promotedByHand');
});

/** X05: the commands that race, and what may lie between them. */
const people = fc.constantFrom('ana', 'ben', 'eve');
const version = fc.integer({ min: 2, max: 4 });
const race = fc.array(
  fc.oneof(
    version.map((number): Command => ({
      kind: 'deploy',
      content: contentOf(number),
      revision: null,
      spec: { ...ASKING, strategy: { ...PLAN, supersede: number === 4 ? 'queue' : 'restart' } },
    })),
    fc.tuple(people, fc.option(version)).map(([by, release]) => approval(by, release === null ? {} : { release })),
    people.map((by): Command => ({ kind: 'reject', by })),
    fc.constantFrom('abort', 'retry', 'promoteFully', 'promote').map((kind): Command => ({ kind })),
    fc.constant<Command>({ kind: 'rollback', to: null }),
    fc.constantFrom('second', 'minute', 'crash'),
  ),
  { minLength: 3, maxLength: 24 },
);

/** Who has approved a release since the last no to it. */
function approversOf(rig: Rig, release: number): ReadonlySet<string> {
  const approvers = new Set<string>();
  const digest = told<Release>(rig, 'release.created').find(({ number }) => number === release)?.digest;
  for (const entry of rig.journal.read({ kinds: ['rollout.approved', 'rollout.rejected'] })) {
    const said = dataOf<RolloutApproved>(entry);
    if (said.candidate !== release) continue;
    if (entry.kind === 'rollout.rejected') approvers.clear();
    else if (said.digest === digest) approvers.add(said.by);
  }
  return approvers;
}

test('X05: in any order of approvals, aborts and pushes only what was approved runs, one rollout at a time', async () => {
  const property = fc.asyncProperty(race, async (list) => {
    const rig = await createRig();
    await rig.deploy(1);
    await rig.seconds(10);
    const wrong: string[] = [];
    for (const step of list) {
      if (step === 'crash') await rig.crash();
      else if (step === 'second' || step === 'minute') await rig.seconds(step === 'second' ? 1 : 61);
      else await rig.controller.command(step);
      const [started, ended] = [told(rig, 'rollout.started').length, told(rig, 'rollout.ended').length];
      if (started - ended > 1) wrong.push(`${started - ended} rollouts at once`);
      for (const release of [2, 3, 4]) {
        if (rig.world.desired(release) > 0 && approversOf(rig, release).size < 2) {
          wrong.push(`#${release} runs without its approvals after ${JSON.stringify(step)}`);
        }
      }
      const rollout = rig.controller.state().rollout;
      for (const { by } of rollout?.approvals ?? []) {
        if (rollout !== null && !approversOf(rig, rollout.candidate).has(by)) wrong.push(`${by} approved another one`);
      }
    }
    expect(wrong).toEqual([]);
  });
  await fc.assert(property, { numRuns: 300 });
});
