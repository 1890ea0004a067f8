/** How an environment moves to a new release: strategies, steps, judge and gates as they are written. */

import * as z from 'zod';
import type { BlueGreenPlan, CanaryPlan, JudgeSettings, RollingPlan, Step, Strategy } from '../delivery/index.ts';
import { DEFAULTS } from './defaults.ts';
import { closedMap, onlyKey, quantity, quantityOr, replicaCount } from './schema-parts.ts';

const sloSchema = closedMap({
  errors: quantity('share', 'Share of requests that may fail.').prefault(DEFAULTS.slo.errors),
  p99: quantity('duration', 'Longest time for 99 % of the requests.').optional(),
}).transform(({ errors, p99 }) => ({ errors, p99: p99 ?? null }));

const { judge } = DEFAULTS;

const judgeSchema = closedMap(
  {
    tolerate: quantity('factor', 'A candidate this many times as bad as stable is still fine.').prefault(
      judge.tolerate,
    ),
    detect: quantity('factor', '`pass` proves the candidate no worse than this.').prefault(judge.detect),
    falseAlarm: quantity('share', 'Probability of aborting a good candidate.').prefault(judge.falseAlarm),
    miss: quantity('share', 'Probability of passing a bad candidate.').prefault(judge.miss),
    within: quantity('duration', 'How long to wait for a verdict where one is needed.').prefault(judge.within),
    inconclusive: z
      .enum(['hold', 'abort'])
      .prefault(judge.inconclusive)
      .describe('What to do when it can not be decided.'),
    slo: sloSchema.prefault({}).describe('What counts as good whatever stable does.'),
    dry: z.boolean().prefault(judge.dry).describe('Report and never act.'),
  },
  'The statistical comparison of candidate and stable.',
).transform((settings): JudgeSettings => settings);

const httpPath = z.string().startsWith('/', { error: 'a path that begins with `/`' });

const smokeSchema = closedMap({
  get: httpPath.optional().describe('Path to GET.'),
  post: httpPath.optional().describe('Path to POST.'),
  body: z.string().optional().describe('Body of the POST.'),
  status: z.int().min(100).max(599).prefault(DEFAULTS.gates.status).describe('Expected status.'),
}).transform(({ get, post, body, status }, context) => {
  const method = onlyKey({ get, post }, ['get', 'post'], context);
  if (method === null) return z.NEVER;
  return { method, path: (method === 'get' ? get : post) ?? '/', body: body ?? null, status };
});

const loadSchema = closedMap({
  path: httpPath.prefault(DEFAULTS.gates.loadPath).describe('What is asked for, by GET.'),
  rate: quantity('rate', 'Requests per second.'),
  for: quantity('duration', 'How long.').prefault(DEFAULTS.gates.loadFor),
  p99: quantity('duration', 'Longest time for 99 % of the requests.').optional(),
  errors: quantity('share', 'Share of requests that may fail.').prefault(DEFAULTS.gates.loadErrors),
}).transform((load) => ({ ...load, p99: load.p99 ?? null }));

const gatesShape = {
  smoke: z.array(smokeSchema).prefault([]).describe('Requests that must be answered as expected.'),
  load: loadSchema.optional().describe('A load that must be borne.'),
  e2e: z.boolean().prefault(false).describe('The end-to-end tests of `tests.e2e` must pass.'),
};

export const gatesSchema = closedMap(gatesShape, 'What must hold before users see a release.');

const stepKinds = ['weight', 'pause', 'replicas', 'judge', 'mirror'] as const;

const stepSchema = closedMap(
  {
    weight: quantity('share', 'Share of the requests that the candidate gets.').optional(),
    pause: quantityOr('duration', ['manual'], 'How long to wait, or `manual`: until somebody promotes.').optional(),
    replicas: z
      .union([z.literal('weight'), replicaCount('Candidate replicas.')])
      .optional()
      .describe('Candidate replicas: a number, a share, or `weight`.'),
    judge: judgeSchema.optional().describe('Wait for the judge to say `pass`.'),
    mirror: quantity('share', 'Share of the requests that the candidate gets a copy of.').optional(),
  },
  'One step of a canary: exactly one of these keys.',
).transform((step, context): Step => {
  const kind = onlyKey(step, stepKinds, context);
  if (kind === null) return z.NEVER;
  if (kind === 'weight' && step.weight !== undefined) return { kind, weight: step.weight };
  if (kind === 'pause' && step.pause !== undefined) return { kind, duration: step.pause };
  if (kind === 'replicas' && step.replicas !== undefined) return { kind, replicas: step.replicas };
  if (kind === 'judge' && step.judge !== undefined) return { kind, judge: step.judge };
  return { kind: 'mirror', share: step.mirror ?? 0 };
});

const planShape = {
  deadline: quantity('duration', 'Bounds each wait on the world, never a pause or an approval.').prefault(
    DEFAULTS.plan.deadline,
  ),
  onDeadline: z
    .enum(['abort', 'hold'])
    .prefault(DEFAULTS.plan.onDeadline)
    .describe('What happens when a deadline is over.'),
};

const keepShape = {
  keep: quantity('duration', 'How long the old release stays at full size after a promotion.').prefault(
    DEFAULTS.plan.keep,
  ),
};

const rollingSchema = closedMap(
  {
    maxSurge: replicaCount('Replicas beyond the wanted number; shares are rounded up.').prefault(
      DEFAULTS.rolling.maxSurge,
    ),
    maxUnavailable: replicaCount('Replicas that may be missing; shares are rounded down.').prefault(
      DEFAULTS.rolling.maxUnavailable,
    ),
    ...planShape,
  },
  'Replace replicas a few at a time.',
).transform((plan): RollingPlan => ({ kind: 'rolling', ...plan }));

const switchSchema = z.union([
  z.enum(['auto', 'manual']),
  closedMap({ after: quantity('duration', 'Switch by itself after this long.') }),
]);

const blueGreenSchema = closedMap(
  {
    previewReplicas: z.int().min(1).prefault(DEFAULTS.blueGreen.previewReplicas).describe('Replicas until the switch.'),
    switch: switchSchema.prefault(DEFAULTS.blueGreen.switch).describe('When all traffic moves.'),
    before: closedMap({ ...gatesShape, judge: judgeSchema.optional() })
      .prefault({})
      .describe('What must hold before the switch.'),
    after: closedMap({ judge: judgeSchema.optional() }).prefault({}).describe('What must hold after the switch.'),
    ...keepShape,
    ...planShape,
  },
  'Start the new release beside the old one and switch at once.',
).transform(({ before, after, ...plan }): BlueGreenPlan => ({
  kind: 'blueGreen',
  ...plan,
  before: { ...before, load: before.load ?? null, judge: before.judge ?? null },
  after: { judge: after.judge ?? null },
}));

const matchSchema = closedMap({ headers: z.record(z.string(), z.string()).describe('Header name → exact value.') });

const canarySchema = closedMap(
  {
    steps: z.array(stepSchema).optional().describe('Without steps: 5, 25, 50 %, a `pass` at 50 %, then 100 %.'),
    match: matchSchema.optional().describe('These requests always see the candidate.'),
    judge: judgeSchema.prefault({}).describe('The statistical comparison of candidate and stable.'),
    ...keepShape,
    ...planShape,
    supersede: z
      .enum(['restart', 'queue', 'reject'])
      .prefault(DEFAULTS.canary.supersede)
      .describe('What a newer release does to a rollout under way.'),
    stableScale: z
      .enum(['full', 'dynamic'])
      .prefault(DEFAULTS.canary.stableScale)
      .describe('Size of stable during a rollout.'),
    keepAborted: quantity('duration', 'How long an aborted candidate stays.').prefault(DEFAULTS.canary.keepAborted),
    rollbackWindow: z
      .int()
      .min(0)
      .prefault(DEFAULTS.canary.rollbackWindow)
      .describe('A `deploy` this few releases back is done as a rollback.'),
  },
  'Move a share of the requests at a time, judged against the stable release.',
).transform(({ steps, match, ...plan }): CanaryPlan => ({
  kind: 'canary',
  ...plan,
  steps: steps === undefined || steps.length === 0 ? null : steps,
  match: match ?? null,
}));

const strategyKinds = ['canary', 'rolling', 'blueGreen'] as const;

const strategyMap = closedMap({
  canary: canarySchema.optional().describe('Move a share of the requests at a time, judged against stable.'),
  rolling: rollingSchema.optional().describe('Replace replicas a few at a time.'),
  blueGreen: blueGreenSchema.optional().describe('Start the new release beside the old one and switch at once.'),
}).transform((strategy, context): Strategy => {
  const kind = onlyKey(strategy, strategyKinds, context);
  return (kind === null ? undefined : strategy[kind]) ?? z.NEVER;
});

const strategyName = z.enum(strategyKinds).transform((kind): Strategy => {
  if (kind === 'rolling') return rollingSchema.parse({});
  return kind === 'blueGreen' ? blueGreenSchema.parse({}) : canarySchema.parse({});
});

export const strategySchema = z
  .union([strategyName, strategyMap])
  .describe('How the environment moves to a new release.');
