/** What a deployment must look like when it comes over the socket. Whoever may write to the socket is not thereby right. */

import { z } from 'zod';
import type {
  ClusterTarget,
  EnvironmentSpec,
  GatesPlan,
  JudgeSettings,
  KubernetesSpec,
  Step,
  Strategy,
} from '../delivery/index.ts';
import { parseDigest } from '../kernel/digest.ts';
import type { DeployRequest } from './agent-contract.ts';

const milliseconds = z.number().min(0);
const share = z.number().min(0).max(1);
const whole = z.int().min(0);
const text = z.record(z.string(), z.string());

/** It names services, environments and hosts. */
const label = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'a DNS label');

const digest = z.string().transform((written, context) => {
  try {
    return parseDigest(written);
  } catch {
    context.addIssue({ code: 'custom', message: 'a digest: sha256 and 64 hexadecimal digits' });
    return z.NEVER;
  }
});

const gatesShape = {
  smoke: z.array(
    z.strictObject({ method: z.enum(['get', 'post']), path: z.string(), body: z.string().nullable(), status: whole }),
  ),
  load: z
    .object({
      path: z.string(),
      rate: z.number().positive(),
      for: milliseconds,
      p99: milliseconds.nullable(),
      errors: share,
    })
    .nullable(),
  e2e: z.boolean(),
};

const gates: z.ZodType<GatesPlan> = z.strictObject(gatesShape);

const judge: z.ZodType<JudgeSettings> = z.strictObject({
  tolerate: z.number().positive(),
  detect: z.number().positive(),
  falseAlarm: z.number().gt(0).lt(0.5),
  miss: z.number().gt(0).lt(0.5),
  within: milliseconds,
  inconclusive: z.enum(['hold', 'abort']),
  slo: z.strictObject({ errors: share, p99: milliseconds.nullable() }),
  dry: z.boolean(),
});

const count = z.union([z.strictObject({ count: whole }), z.strictObject({ share })]);

const step: z.ZodType<Step> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('weight'), weight: share }),
  z.strictObject({ kind: z.literal('pause'), duration: z.union([milliseconds, z.literal('manual')]) }),
  z.strictObject({ kind: z.literal('replicas'), replicas: z.union([count, z.literal('weight')]) }),
  z.strictObject({ kind: z.literal('judge'), judge }),
  z.strictObject({ kind: z.literal('mirror'), share }),
]);

const deadline = { deadline: milliseconds, onDeadline: z.enum(['abort', 'hold']) };

const strategy: z.ZodType<Strategy> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('rolling'), maxSurge: count, maxUnavailable: count, ...deadline }),
  z.strictObject({
    kind: z.literal('blueGreen'),
    previewReplicas: z.int().positive(),
    switch: z.union([z.enum(['auto', 'manual']), z.strictObject({ after: milliseconds })]),
    before: z.strictObject({ ...gatesShape, judge: judge.nullable() }),
    after: z.strictObject({ judge: judge.nullable() }),
    keep: milliseconds,
    ...deadline,
  }),
  z.strictObject({
    kind: z.literal('canary'),
    steps: z.array(step).nullable(),
    match: z.strictObject({ headers: text }).nullable(),
    judge,
    keep: milliseconds,
    supersede: z.enum(['restart', 'queue', 'reject']),
    stableScale: z.enum(['full', 'dynamic']),
    keepAborted: milliseconds,
    rollbackWindow: whole,
    ...deadline,
  }),
]);

const kubernetes: z.ZodType<KubernetesSpec> = z.strictObject({
  namespace: label,
  traffic: z.enum(['gateway-api', 'istio', 'service']),
  gateway: z.strictObject({ name: z.string().min(1), namespace: z.string().min(1).nullable() }).nullable(),
  hosts: z.array(z.string().min(1)),
  runtimeClass: z.string().min(1).nullable(),
  repository: z.string().min(1),
  pullSecret: z.string().min(1).nullable(),
  resources: z.strictObject({ cpu: z.string().nullable(), memory: z.string().nullable() }),
  prometheus: z
    .strictObject({
      url: z.url(),
      series: z.strictObject({ requests: z.string().min(1), latency: z.string().min(1) }),
      labels: z.strictObject({ release: z.string().min(1), pod: z.string().min(1) }),
    })
    .nullable(),
});

const spec: z.ZodType<EnvironmentSpec> = z.strictObject({
  replicas: z.int().positive(),
  strategy,
  affinity: z.union([
    z.strictObject({ kind: z.literal('none') }),
    z.strictObject({ kind: z.enum(['header', 'cookie']), name: z.string().min(1) }),
  ]),
  routing: z.enum(['exact', 'replicas']).exactOptional(),
  guard: milliseconds,
  keep: whole,
  limits: z.strictObject({ memory: z.number().positive(), request: z.number().positive() }),
  approval: z.strictObject({ count: whole, by: z.array(z.string()), expires: milliseconds.nullable() }),
  gates,
  endToEnd: z.strictObject({ kind: z.enum(['postman', 'run']), what: z.string(), folder: z.string() }).nullable(),
  engine: z.enum(['node', 'wasmtime']),
  kubernetes: kubernetes.exactOptional(),
});

export const clusterSchema: z.ZodType<ClusterTarget> = z.strictObject({
  kubeconfig: z.string().min(1).nullable(),
  context: z.string().min(1).nullable(),
  namespace: label,
});

export const deployRequestSchema: z.ZodType<DeployRequest> = z.strictObject({
  service: label,
  environment: label,
  image: digest,
  config: text,
  secrets: text,
  needs: z.array(label),
  revision: z.strictObject({ commit: z.string(), ref: z.string() }).nullable(),
  artifact: digest.exactOptional(),
  spec,
  cluster: clusterSchema.nullable(),
});
