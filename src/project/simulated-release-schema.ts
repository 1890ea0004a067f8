/** How a release of a rehearsal behaves, as it is written: in full under `releases`, in parts by the event `set`. */

import * as z from 'zod';
import type { ReleaseChange, SimulatedRelease } from '../delivery/index.ts';
import { DEFAULTS } from './defaults.ts';
import { closedMap, quantity, quantityOr } from './schema-parts.ts';
import { withoutAbsent } from './without-absent.ts';

const { simulated } = DEFAULTS;

const faults = {
  errors: quantity('share', 'Share of the requests that fail.'),
  traps: quantity('share', 'Share of the requests that trap, besides `errors`.'),
  timeouts: quantity('share', 'Share of the requests that are not answered in time, besides both.'),
};

const latency = {
  p50: quantity('duration', 'Half of the requests take no longer.'),
  p99: quantity('duration', '99 % of the requests take no longer.'),
};

const gateEnd = z.enum(['pass', 'fail', 'error']);

const rest = {
  platforms: z
    .record(
      z.string(),
      closedMap({
        errors: faults.errors.optional(),
        traps: faults.traps.optional(),
        timeouts: faults.timeouts.optional(),
      }),
    )
    .describe('What is otherwise on one image platform.'),
  startsIn: quantityOr('duration', ['never'], 'How long a replica takes to get ready.'),
  maxReady: z.int().min(0).describe('At most this many replicas get ready.'),
  crashes: z.boolean().describe('Replicas end as soon as they start.'),
  smoke: gateEnd.describe('How the smoke gate ends; `error`: it can not be done.'),
  load: gateEnd.describe('How the load gate ends.'),
  e2e: gateEnd.describe('How the end-to-end gate ends.'),
  gateTakes: quantity('duration', 'How long each gate runs; else load as long as it sends, the others no time.'),
  loadable: z.boolean().describe('Whether its module can still be loaded.'),
  secrets: z.enum(['there', 'gone']).describe('Whether the versions of its secrets are still there.'),
};

export const releaseSchema = closedMap({
  errors: faults.errors.prefault(simulated.errors),
  traps: faults.traps.prefault(simulated.traps),
  timeouts: faults.timeouts.prefault(simulated.timeouts),
  latency: closedMap({ p50: latency.p50.prefault(simulated.p50), p99: latency.p99.prefault(simulated.p99) })
    .prefault({})
    .describe('How long requests take.'),
  ...rest,
  platforms: rest.platforms.prefault({}),
  startsIn: rest.startsIn.prefault(simulated.startsIn),
  maxReady: rest.maxReady.optional(),
  crashes: rest.crashes.prefault(simulated.crashes),
  smoke: rest.smoke.prefault(simulated.gate),
  load: rest.load.prefault(simulated.gate),
  e2e: rest.e2e.prefault(simulated.gate),
  gateTakes: rest.gateTakes.optional(),
  loadable: rest.loadable.prefault(simulated.loadable),
  secrets: rest.secrets.prefault(simulated.secrets),
});

export function simulatedRelease(written: z.output<typeof releaseSchema>): SimulatedRelease {
  const { smoke, load, e2e, maxReady = null, gateTakes = null, platforms, ...same } = written;
  return { ...same, maxReady, gateTakes, gates: { smoke, load, e2e }, platforms: platformsOf(platforms) };
}

/** Without defaults: only what is named changes. */
export const changeShape = {
  errors: faults.errors.optional(),
  traps: faults.traps.optional(),
  timeouts: faults.timeouts.optional(),
  latency: closedMap(latency).optional(),
  platforms: rest.platforms.optional(),
  startsIn: rest.startsIn.optional(),
  maxReady: rest.maxReady.optional(),
  crashes: rest.crashes.optional(),
  smoke: rest.smoke.optional(),
  load: rest.load.optional(),
  e2e: rest.e2e.optional(),
  gateTakes: rest.gateTakes.optional(),
  loadable: rest.loadable.optional(),
  secrets: rest.secrets.optional(),
};

type WrittenChange = { readonly [Key in keyof typeof changeShape]?: z.output<(typeof changeShape)[Key]> };

export function changeOf({ smoke, load, e2e, platforms, ...same }: WrittenChange): ReleaseChange {
  const gates = withoutAbsent({ smoke, load, e2e });
  return {
    ...withoutAbsent(same),
    ...(platforms === undefined ? {} : { platforms: platformsOf(platforms) }),
    ...(Object.keys(gates).length === 0 ? {} : { gates }),
  };
}

function platformsOf(written: z.output<typeof rest.platforms>): SimulatedRelease['platforms'] {
  return Object.fromEntries(Object.entries(written).map(([name, faults]) => [name, withoutAbsent(faults)]));
}
