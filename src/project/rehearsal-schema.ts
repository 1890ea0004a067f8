/** A rehearsal file as it may be written: what would this rollout do, if … */

import * as z from 'zod';
import type { Range, RehearsalAction } from '../delivery/index.ts';
import { parseQuantity } from '../kernel/quantity.ts';
import { DEFAULTS } from './defaults.ts';
import { deliveryShape } from './environment-schema.ts';
import { closedMap, complain, onlyKey, quantity, quantityOr } from './schema-parts.ts';
import { strategySchema } from './strategy-schema.ts';

const { rehearsal, simulated } = DEFAULTS;

const gateResult = z.enum(['pass', 'fail']);

/** What a release does, without defaults: the event `set` changes only what it names. */
const behaviour = {
  errors: quantity('share', 'Share of the requests that fail.'),
  traps: quantity('share', 'Share of the requests that trap, besides `errors`.'),
  startsIn: quantityOr('duration', ['never'], 'How long a replica takes to get ready.'),
  maxReady: z.int().min(0).describe('At most this many replicas get ready.'),
};

const latency = {
  p50: quantity('duration', 'Half of the requests take no longer.'),
  p99: quantity('duration', '99 % of the requests take no longer.'),
};

const releaseSchema = closedMap({
  errors: behaviour.errors.prefault(simulated.errors),
  traps: behaviour.traps.prefault(simulated.traps),
  latency: closedMap({ p50: latency.p50.prefault(simulated.p50), p99: latency.p99.prefault(simulated.p99) })
    .prefault({})
    .describe('How long requests take.'),
  startsIn: behaviour.startsIn.prefault(simulated.startsIn),
  maxReady: behaviour.maxReady.optional(),
  smoke: gateResult.optional().describe('How the smoke gate ends.'),
  load: gateResult.optional().describe('How the load gate ends.'),
  e2e: gateResult.optional().describe('How the end-to-end gate ends.'),
  gateTakes: quantity('duration', 'How long each gate runs.').optional(),
});

const byPerson = closedMap({ by: z.string().min(1).describe('Who.') });
const nothing = z.union([closedMap({}), z.null()]);
const stringMap = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String));

const setSchema = closedMap({
  release: z.string(),
  errors: behaviour.errors.optional(),
  traps: behaviour.traps.optional(),
  latency: closedMap(latency).optional(),
  startsIn: behaviour.startsIn.optional(),
  maxReady: behaviour.maxReady.optional(),
}).transform(({ release, ...change }) => ({
  release,
  change: {
    ...(change.errors === undefined ? {} : { errors: change.errors }),
    ...(change.traps === undefined ? {} : { traps: change.traps }),
    ...(change.latency === undefined ? {} : { latency: change.latency }),
    ...(change.startsIn === undefined ? {} : { startsIn: change.startsIn }),
    ...(change.maxReady === undefined ? {} : { maxReady: change.maxReady }),
  },
}));

const eventShape = {
  deploy: z.string().optional().describe('Deploy this release.'),
  approve: byPerson.optional().describe('Somebody approves.'),
  reject: byPerson.optional().describe('Somebody refuses.'),
  promote: nothing.optional().describe('End the present pause.'),
  promoteFully: nothing.optional().describe('Skip the judge and the pauses that are left.'),
  abort: nothing.optional().describe('Abort the rollout.'),
  retry: nothing.optional().describe('Try an aborted release again.'),
  rollback: z
    .union([z.string(), closedMap({}), z.null()])
    .optional()
    .describe('Roll back, to this release or the last one.'),
  pause: nothing.optional().describe('Pause the rollout.'),
  resume: nothing.optional().describe('Go on after `pause`.'),
  scale: z.int().min(1).max(1000).optional().describe('Change the number of replicas.'),
  strategy: strategySchema.optional().describe('Change the strategy; a rollout under way keeps its own.'),
  remove: nothing.optional().describe('Delete the environment.'),
  crash: nothing.optional().describe('Kill the engine; it comes back from its store.'),
  metrics: z.enum(['down', 'up', 'empty', 'nan', 'reset']).optional().describe('What becomes of the counters.'),
  router: closedMap({ delay: quantity('duration', 'How late traffic moves after it was acknowledged.') })
    .optional()
    .describe('Make the router late.'),
  set: setSchema.optional().describe('Change what a release does.'),
  traffic: quantity('rate', 'Requests per second from now on.').optional(),
  config: stringMap.optional().describe('Change the configuration.'),
};

const ACTIONS = Object.keys(eventShape) as readonly (keyof typeof eventShape)[];

const eventSchema = closedMap({ at: quantity('duration', 'When, after the start.'), ...eventShape }).transform(
  ({ at, ...event }, context): { at: number; action: RehearsalAction } => {
    const kind = onlyKey(event, ACTIONS, context);
    return kind === null ? z.NEVER : { at, action: actionOf(kind, event) };
  },
);

type WrittenEvent = { readonly [Key in keyof typeof eventShape]?: z.output<(typeof eventShape)[Key]> };

/** `kind` is the one key of `event` that is set. */
function actionOf(kind: keyof typeof eventShape, event: WrittenEvent): RehearsalAction {
  switch (kind) {
    case 'deploy':
      return { kind, release: event.deploy ?? '' };
    case 'approve':
    case 'reject':
      return { kind, by: event[kind]?.by ?? '' };
    case 'rollback':
      return { kind, to: typeof event.rollback === 'string' ? event.rollback : null };
    case 'scale':
      return { kind, replicas: event.scale ?? 1 };
    case 'strategy':
      return { kind, strategy: event.strategy ?? strategySchema.parse('canary') };
    case 'metrics':
      return { kind, state: event.metrics ?? 'up' };
    case 'router':
      return { kind, delay: event.router?.delay ?? 0 };
    case 'set':
      return { kind, release: event.set?.release ?? '', change: event.set?.change ?? {} };
    case 'traffic':
      return { kind, rate: event.traffic ?? 0 };
    case 'config':
      return { kind, config: event.config ?? {} };
    case 'promote':
    case 'promoteFully':
    case 'abort':
    case 'retry':
    case 'pause':
    case 'resume':
    case 'remove':
    case 'crash':
      return { kind };
  }
}

/** `2`, `2..3`, `10%` or `8%..12%`: a number or an inclusive range. */
function range(kind: 'number' | 'share') {
  const one = (text: string): number | undefined =>
    kind === 'share' ? parseQuantity('share', text) : /^\d+$/.test(text) ? Number(text) : undefined;
  const form = kind === 'share' ? 'a share or a range such as 10% or 8%..12%' : 'a number or a range such as 2 or 2..3';
  const unit = kind === 'share' ? '[0-9]+(\\.[0-9]+)?%' : '[0-9]+';
  return z
    .unknown()
    .transform((value, context): Range => {
      const text = kind === 'number' && typeof value === 'number' ? String(value) : value;
      const ends = typeof text === 'string' ? text.split('..').map((end) => one(end.trim())) : [];
      const [from, to = from] = ends;
      if (from !== undefined && to !== undefined && ends.length <= 2 && from <= to) return { from, to };
      const message = `${JSON.stringify(value)} is not ${form}`;
      return complain(context, { code: 'config/wrong-unit', message, hint: `Write ${form}.` });
    })
    .meta({ type: kind === 'number' ? ['integer', 'string'] : 'string', pattern: `^${unit}(\\.\\.${unit})?$` });
}

const expectationSchema = closedMap({
  at: quantityOr('duration', ['end'], 'When it is looked at.'),
  phase: z.enum(['healthy', 'progressing', 'paused', 'aborted']).optional().describe('The phase.'),
  reason: z.enum(['step', 'approval', 'inconclusive', 'manual', 'deadline']).optional().describe('Why it is paused.'),
  stable: z.string().optional().describe('The stable release.'),
  candidate: z.string().optional().describe('The release that is rolled out.'),
  step: range('number').optional().describe('Index of the step, counted from 0.'),
  traffic: z.record(z.string(), range('share')).optional().describe('Release → share of the requests.'),
  ready: z.record(z.string(), range('number')).optional().describe('Release → ready replicas.'),
  outcome: z
    .enum(['promoted', 'promotedByHand', 'aborted', 'superseded', 'rolledBack'])
    .optional()
    .describe('How the last rollout ended.'),
});

export const rehearsalSchema = closedMap(
  {
    rehearsal: z.string().min(1).describe('What it shows, in a sentence.'),
    ...deliveryShape,
    routing: z
      .enum(['exact', 'replicas'])
      .prefault(rehearsal.routing)
      .describe('`replicas`: the share is that of ready replicas.'),
    traffic: quantity('rate', 'Requests per second.').prefault(rehearsal.traffic),
    seed: z.int().min(0).prefault(rehearsal.seed).describe('Of the outcomes of requests.'),
    start: z.string().optional().describe('The release that serves at the start; none for a first deployment.'),
    releases: z.record(z.string(), releaseSchema).describe('What each release does.'),
    events: z.array(eventSchema).prefault([]).describe('What happens when; one action each.'),
    until: quantity('duration', 'How long it is watched.').prefault(rehearsal.until),
    expect: z.array(expectationSchema).prefault([]).describe('What must be so, and when.'),
  },
  'A rehearsal: a rollout on a simulated platform and a virtual clock.',
);

export type WrittenRehearsal = z.output<typeof rehearsalSchema>;
