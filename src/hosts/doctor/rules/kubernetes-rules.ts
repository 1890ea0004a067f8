/** Objects that a cluster takes and that don't do what they seem to say. */

import type { Rule } from '../rule.ts';

export const KUBERNETES_RULES: readonly Rule[] = [
  {
    code: 'argo/promotion-in-canary',
    kinds: ['kubernetes', 'gitlab', 'github'],
    what: '`autoPromotionEnabled` is no field of a canary',
    why: 'Only the blue-green strategy of Argo Rollouts has it: the API server drops or refuses it, and nobody is asked before the release is promoted.',
    right: '`steps: [{ setWeight: 20 }, { pause: {} }]`: a pause without a duration waits for a person',
    source: 'https://argo-rollouts.readthedocs.io/en/stable/features/bluegreen/',
    *find({ yaml }) {
      for (const { path, key } of yaml?.spots ?? []) {
        if (/^autoPromotion(?:Enabled|Seconds)$/.test(String(path.at(-1))) && path.at(-2) === 'canary') yield key;
      }
    },
  },
];
