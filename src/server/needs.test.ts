import { describe, expect, test } from 'vitest';
import { contentOf, createWorld, SPEC } from '../../test/rigs/engine-rig.ts';
import { createController, createMemoryRolloutStore, type EnvironmentState, type Rollout } from '../delivery/index.ts';
import { createMemoryJournal } from '../journal/index.ts';
import { createManualClock } from '../kernel/clock.ts';
import { complaintAbout } from './needs.ts';

/** An environment in which #1 was promoted, as the engine remembers it. */
async function promoted(): Promise<EnvironmentState> {
  const clock = createManualClock();
  const world = createWorld();
  const controller = await createController({
    key: 'herald/staging',
    spec: SPEC,
    store: createMemoryRolloutStore(),
    platform: world.platform,
    journal: createMemoryJournal(clock),
    clock,
  });
  await controller.command({ kind: 'deploy', content: contentOf(1), revision: null, spec: SPEC });
  for (let second = 0; second < 40; second += 1) {
    world.second();
    await clock.advance(1000);
    await controller.tick();
  }
  return controller.state();
}

describe('an environment vouches for an image', () => {
  const { image } = contentOf(1);
  const other = contentOf(2).image;
  const active = (state: EnvironmentState, change: Partial<Rollout>): EnvironmentState => {
    if (state.rollout === null) throw new Error('there was no rollout');
    const rollout: Rollout = { ...state.rollout, outcome: null, because: 'told why', ...change };
    const second = { number: 2, digest: image, content: contentOf(2), revision: null };
    return { ...state, rollout, releases: { ...state.releases, 2: second } };
  };

  test('that is stable there and serves', async () => {
    const state = await promoted();
    expect(state.stable).toBe(1);
    expect(complaintAbout(state, image)).toBeNull();
    expect(complaintAbout(state, other)).toBe('#1 of another image serves there');
  });

  test('also while something newer is tried, not while it is taken back itself', async () => {
    const state = await promoted();
    expect(complaintAbout(active(state, { kind: 'deploy', candidate: 2 }), image)).toBeNull();
    expect(complaintAbout(active(state, { kind: 'rollback', candidate: 2 }), image)).toBe(
      'it is being rolled back there: told why',
    );
  });

  test('not while it is rolled out, nor when it was aborted', async () => {
    const state = await promoted();
    expect(complaintAbout(active(state, { candidate: 2 }), other)).toBe('it is still being rolled out there: told why');
    const aborted = active(state, { candidate: 2, outcome: 'aborted' });
    expect(complaintAbout(aborted, other)).toBe('it was aborted there: told why');
  });

  test('not when no replica of it is ready, when it was removed, or when there was never any', async () => {
    const state = await promoted();
    const told = state.told === null ? null : { ...state.told, ready: { 1: 0 } };
    expect(complaintAbout({ ...state, told }, image)).toBe('no replica of #1 is ready there');
    expect(complaintAbout({ ...state, removed: true }, image)).toBe('nothing is deployed there');
    expect(complaintAbout(null, image)).toBe('nothing is deployed there');
    expect(complaintAbout({ ...state, stable: null, rollout: null }, image)).toBe('nothing serves there yet');
  });
});
