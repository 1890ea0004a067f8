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
  latency: closedMap({ p50: latency.p50.prefault(simulated.p50), p99: latency.p99.prefault(simulated.p99) }).prefault(
    {},
  ),
  startsIn: behaviour.startsIn.prefault(simulated.startsIn),
  maxReady: behaviour.maxReady.optional(),
  smoke: gateResult.optional(),
  load: gateResult.optional(),
  e2e: gateResult.optional(),
  gateTakes: quantity('duration', 'How long each gate runs.').optional(),
});

const byPerson = closedMap({ by: z.string().min(1) });
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
  deploy: z.string().optional(),
  approve: byPerson.optional(),
  reject: byPerson.optional(),
  promote: nothing.optional(),
  promoteFully: nothing.optional(),
  abort: nothing.optional(),
  retry: nothing.optional(),
  rollback: z.union([z.string(), closedMap({}), z.null()]).optional(),
  pause: nothing.optional(),
  resume: nothing.optional(),
  scale: z.int().min(1).max(1000).optional(),
  strategy: strategySchema.optional(),
  remove: nothing.optional(),
  crash: nothing.optional(),
  metrics: z.enum(['down', 'up', 'empty', 'nan', 'reset']).optional(),
  router: closedMap({ delay: quantity('duration', 'How late traffic moves after it was acknowledged.') }).optional(),
  set: setSchema.optional(),
  traffic: quantity('rate', 'Requests per second from now on.').optional(),
  config: stringMap.optional(),
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
  phase: z.enum(['healthy', 'progressing', 'paused', 'aborted']).optional(),
  reason: z.enum(['step', 'approval', 'inconclusive', 'manual', 'deadline']).optional(),
  stable: z.string().optional(),
  candidate: z.string().optional(),
  step: range('number').optional(),
  traffic: z.record(z.string(), range('share')).optional(),
  ready: z.record(z.string(), range('number')).optional(),
  outcome: z.enum(['promoted', 'promotedByHand', 'aborted', 'superseded', 'rolledBack']).optional(),
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
    releases: z.record(z.string(), releaseSchema),
    events: z.array(eventSchema).prefault([]),
    until: quantity('duration', 'How long it is watched.').prefault(rehearsal.until),
    expect: z.array(expectationSchema).prefault([]),
  },
  'A rehearsal: a rollout on a simulated platform and a virtual clock.',
);

export type WrittenRehearsal = z.output<typeof rehearsalSchema>;
