/** Decorators that write down what an engine observes, does and says. */

import type { Entry, Journal } from '../../journal/index.ts';
import type { Observation } from '../observation.ts';
import type { Platform } from '../platform.ts';
import type { AppliedEffect } from './invariants/index.ts';

/** A platform that remembers each effect with what the engine had last seen, until they are taken. */
export function recordEffects(platform: Platform): { readonly platform: Platform; take(): readonly AppliedEffect[] } {
  let seen: Observation = { releases: {}, traffic: null, counters: null, gates: {} };
  let effects: AppliedEffect[] = [];
  return {
    platform: {
      async observe(context, signal) {
        seen = await platform.observe(context, signal);
        return seen;
      },
      apply(context, effect, signal) {
        effects.push({ effect, seen });
        return platform.apply(context, effect, signal);
      },
      check: (context, release, signal) => platform.check(context, release, signal),
      watch: (key, onChange) => platform.watch(key, onChange),
    },
    take() {
      const taken = effects;
      effects = [];
      return taken;
    },
  };
}

/** A journal that remembers what was newly written, until it is taken. */
export function recordEntries(journal: Journal): { readonly journal: Journal; take(): readonly Entry[] } {
  let fresh: Entry[] = [];
  return {
    journal: {
      ...journal,
      append(drafts) {
        const written = journal.append(drafts);
        fresh.push(...written);
        return written;
      },
    },
    take() {
      const taken = fresh;
      fresh = [];
      return taken;
    },
  };
}
