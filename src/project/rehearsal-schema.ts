/** A rehearsal file as it may be written: what would this rollout do, if … */

import * as z from 'zod';
import type { Range, RehearsalAction } from '../delivery/index.ts';
import { parseQuantity } from '../kernel/quantity.ts';
import { DEFAULTS } from './defaults.ts';
import { deliveryShape } from './environment-schema.ts';
import { closedMap, complain, onlyKey, quantity, quantityOr } from './schema-parts.ts';
import { changeOf, changeShape, releaseSchema } from './simulated-release-schema.ts';
import { strategySchema } from './strategy-schema.ts';

const { rehearsal, users } = DEFAULTS;

const byPerson = closedMap({
  by: z.string().min(1).describe('Who.'),
  groups: z.array(z.string().min(1)).prefault([]).describe('The groups that they are in.'),
});
const nothing = z.union([closedMap({}), z.null()]);
const stringMap = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String));

const setSchema = closedMap({ release: z.string().describe('Which one.'), ...changeShape }).transform(
  ({ release, ...change }) => ({ release, change: changeOf(change) }),
);

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
  metrics: z
    .enum(['down', 'up', 'empty', 'nan', 'reset', 'partial', 'late', 'flaky'])
    .optional()
    .describe('What becomes of the counters: `flaky` is down every other second, `late` 15 s old.'),
  router: closedMap({ delay: quantity('duration', 'How late traffic moves after it was acknowledged.') })
    .optional()
    .describe('Make the router late.'),
  set: setSchema.optional().describe('Change what a release does.'),
  traffic: quantity('rate', 'Requests per second from now on.').optional(),
  config: stringMap.optional().describe('Change the configuration, which deploys the newest release anew.'),
  secrets: stringMap.optional().describe('Change the versions of secrets, which does the same.'),
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
      return { kind, by: event[kind]?.by ?? '', groups: event[kind]?.groups ?? [] };
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
    case 'secrets':
      return { kind, secrets: event.secrets ?? {} };
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
  queued: z.string().optional().describe('The release that waits for the end of the present rollout.'),
  approvals: range('number').optional().describe('How many people have approved the present rollout.'),
  mirror: range('share').optional().describe('Share of the requests that the candidate gets a copy of.'),
  match: z.string().optional().describe('The release that requests with the headers of `match` get.'),
  command: z.string().optional().describe('What the command that ends the present wait begins with.'),
  refused: z.string().optional().describe('Code of the last refusal so far.'),
  errors: range('number').optional().describe('Requests of users that failed so far.'),
  requests: z
    .record(z.string(), range('number'))
    .optional()
    .describe('Release → requests of users that it has answered so far.'),
  moves: range('number').optional().describe('How often any one user has changed releases within a rollout, at most.'),
  unserved: range('number').optional().describe('Requests of users so far that nobody was there for.'),
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
    secrets: stringMap.prefault({}).describe('Secret → the version that deployments take.'),
    platforms: z.array(z.string().min(1)).prefault([]).describe('Image platforms that replicas are spread over.'),
    users: z.int().min(1).max(1_000_000).prefault(users.count).describe('How many users send the requests.'),
    keyless: quantity('share', 'Share of the requests without the key of `affinity`.').prefault(users.keyless),
    match: quantity('share', 'Share of the requests with the headers of `match`.').prefault(users.match),
    safe: quantity('share', 'Share of the requests that a mirror may copy.').prefault(users.safe),
    start: z.string().optional().describe('The release that serves at the start; none for a first deployment.'),
    releases: z.record(z.string(), releaseSchema).describe('What each release does.'),
    events: z.array(eventSchema).prefault([]).describe('What happens when; one action each.'),
    until: quantity('duration', 'How long it is watched.').prefault(rehearsal.until),
    expect: z.array(expectationSchema).prefault([]).describe('What must be so, and when.'),
  },
  'A rehearsal: a rollout on a simulated platform and a virtual clock.',
);

export type WrittenRehearsal = z.output<typeof rehearsalSchema>;
