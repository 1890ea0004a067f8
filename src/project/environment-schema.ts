/** One environment as it is written, and the keys of it that a rehearsal takes too. */

import * as z from 'zod';
import type { Affinity, ApprovalPlan } from '../delivery/index.ts';
import { DEFAULTS } from './defaults.ts';
import { kubernetesSchema, kubernetesSettings, metricsSchema } from './kubernetes-schema.ts';
import { closedMap, onlyKey, quantity, secretReference, textLike } from './schema-parts.ts';
import { gatesSchema, strategySchema } from './strategy-schema.ts';

const { environment, limits } = DEFAULTS;

const approvalSchema = z
  .union(
    [
      z.int().min(0).max(20),
      closedMap({
        count: z.int().min(0).max(20).prefault(1).describe('How many people must approve.'),
        by: z.array(z.string().min(1)).prefault([]).describe('Groups or people who may; empty: anybody with the role.'),
        expires: quantity('duration', 'How long the request stands; then the rollout is aborted.').optional(),
      }),
    ],
    '`approval: 1`, or `approval: { count: 1, by: [GROUP] }`',
  )
  .transform((approval): ApprovalPlan =>
    typeof approval === 'number'
      ? { count: approval, by: [], expires: null }
      : { ...approval, expires: approval.expires ?? null },
  )
  .describe('People who must approve a release first.');

/** RFC 9110 section 5.6.2: what a header or a cookie may be called. */
function token(of: string): z.ZodString {
  return z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, `the name of a ${of}: letters, digits, "-", "_", "."`);
}

const affinitySchema = z
  .union([
    z.literal('none'),
    closedMap({
      header: token('header').optional().describe('Requests with one value of this header stay together.'),
      cookie: token('cookie').optional().describe('Requests with one value of this cookie stay together.'),
    }),
  ])
  .transform((affinity, context): Affinity => {
    if (affinity === 'none') return { kind: 'none' };
    const kind = onlyKey(affinity, ['header', 'cookie'], context);
    return kind === null ? z.NEVER : { kind, name: affinity[kind] ?? '' };
  })
  .describe('What keeps the requests of one user on one release.');

const limitsSchema = closedMap(
  {
    memory: quantity('size', 'Linear memory of one replica.').prefault(limits.memory),
    request: quantity(
      'duration',
      'Longest time for one request; then it counts as failed and the replica is replaced.',
    ).prefault(limits.request),
  },
  'Bounds of one replica.',
);

const variableName = textLike(/^[A-Za-z_][A-Za-z0-9_]*$/, 'the name of an environment variable', '');

/** Environment variables: numbers and booleans are taken as the text that they are written as. */
const configSchema = z
  .record(variableName, z.union([z.string(), z.number(), z.boolean()]).transform(String))
  .describe('Environment variables of the service, versioned with the release.');

/** What both an environment and a rehearsal may say. */
export const deliveryShape = {
  replicas: z.int().min(1).max(1000).prefault(environment.replicas).describe('How many replicas serve.'),
  strategy: strategySchema.prefault('canary').describe('How the environment moves to a new release.'),
  approval: approvalSchema.prefault(environment.approval),
  affinity: affinitySchema.prefault(environment.affinity),
  guard: quantity('duration', 'How long the old release stays warm and judged after a promotion.').prefault(
    environment.guard,
  ),
  keep: z.int().min(0).max(50).prefault(environment.keep).describe('Releases kept warm for a rollback.'),
  gates: gatesSchema.prefault({}).describe('What must hold before users see a release.'),
  config: configSchema.prefault({}),
  limits: limitsSchema.prefault({}).describe('Bounds of one replica.'),
};

const platformSchema = z
  .union(
    [
      z.literal('embedded'),
      closedMap({
        embedded: closedMap({
          engine: z.enum(['node', 'wasmtime']).prefault(environment.engine).describe('What runs a replica.'),
        })
          .optional()
          .describe('This machine.'),
        kubernetes: kubernetesSchema.optional().describe('A cluster.'),
      }),
    ],
    '`platform: { kubernetes: { namespace: NAMESPACE } }`',
  )
  .transform((platform, context) => {
    if (platform === 'embedded') return { kind: 'embedded', engine: environment.engine } as const;
    const kind = onlyKey(platform, ['embedded', 'kubernetes'], context);
    const { embedded, kubernetes } = platform;
    if (kind === 'embedded' && embedded) return { kind, engine: embedded.engine } as const;
    if (kind === 'kubernetes' && kubernetes) return kubernetesSettings(kubernetes);
    return z.NEVER;
  })
  .describe('Where releases run.');

const environmentMap = closedMap(
  {
    from: z
      .union([z.string(), z.array(z.string().min(1)).min(1)])
      .transform((from) => (typeof from === 'string' ? [from] : from))
      .optional()
      .describe('Branches and tags that are deployed here; `*` stands for any text. Overrides `branches`.'),
    needs: z.array(z.string()).prefault([]).describe('Environments where the image must be healthy first.'),
    ttl: quantity('duration', 'How long a preview lives.').optional(),
    platform: platformSchema.prefault('embedded'),
    ...deliveryShape,
    secrets: z
      .record(variableName, secretReference('`env:NAME` or `file:PATH`.'))
      .prefault({})
      .describe('Environment variables whose values are secret.'),
    metrics: metricsSchema,
  },
  'A place where releases are deployed. `{}` takes all defaults.',
);

/** `staging:` with nothing behind it means `{}`. */
export const environmentSchema = z
  .union([environmentMap, z.null()])
  .transform((written): WrittenEnvironment => written ?? environmentMap.parse({}));

export type WrittenEnvironment = z.output<typeof environmentMap>;
