/** Whether an environment vouches for an image: what `needs` of another environment asks for. Pure. */

import type { EnvironmentState } from '../delivery/index.ts';
import type { Digest } from '../kernel/digest.ts';

/**
 * Why the image is not known to be well there, or `null`. It must be the one of the stable release, with a replica that
 * serves, and nothing may be on its way to take it back. That something newer is tried there says nothing against it.
 */
export function complaintAbout(state: EnvironmentState | null, image: Digest): string | null {
  if (state === null || state.removed) return 'nothing is deployed there';
  const { stable, rollout, releases, told } = state;
  const active = rollout !== null && rollout.outcome === null ? rollout : null;
  const ofImage = (release: number | null): boolean => release !== null && releases[release]?.content.image === image;
  if (stable === null || !ofImage(stable)) {
    if (active !== null && ofImage(active.candidate)) return `it is still being rolled out there: ${active.because}`;
    const last = rollout?.outcome === 'aborted' && ofImage(rollout.candidate) ? rollout : null;
    if (last !== null) return `it was aborted there: ${last.because}`;
    return stable === null ? 'nothing serves there yet' : `#${stable} of another image serves there`;
  }
  if (active?.kind === 'rollback' && !ofImage(active.candidate))
    return `it is being rolled back there: ${active.because}`;
  if ((told?.ready[stable] ?? 0) === 0) return `no replica of #${stable} is ready there`;
  return null;
}
