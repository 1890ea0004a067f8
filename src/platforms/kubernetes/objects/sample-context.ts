/** An environment on a cluster for tests: three releases, and whatever a test changes. */

import type {
  EnvironmentContext,
  EnvironmentSpec,
  KubernetesSpec,
  Release,
  RouteEffect,
} from '../../../delivery/index.ts';
import { releaseDigest } from '../../../delivery/index.ts';
import { sha256 } from '../../../kernel/digest.ts';

const KUBERNETES: KubernetesSpec = {
  namespace: 'wasm-prod',
  traffic: 'gateway-api',
  gateway: { name: 'public', namespace: 'gateways' },
  hosts: ['greeter.example.com'],
  runtimeClass: null,
  repository: 'ghcr.io/acme/greeter',
  pullSecret: null,
  resources: { cpu: null, memory: null },
  prometheus: null,
};

const SPEC: EnvironmentSpec = {
  replicas: 5,
  strategy: {
    kind: 'rolling',
    maxSurge: { count: 1 },
    maxUnavailable: { count: 0 },
    deadline: 90_500,
    onDeadline: 'abort',
  },
  affinity: { kind: 'none' },
  guard: 0,
  keep: 3,
  limits: { memory: 256_000_000, request: 10_000 },
  approval: { count: 0, by: [], expires: null },
  gates: { smoke: [], load: null, e2e: false },
  endToEnd: null,
  engine: 'node',
};

export function sampleRelease(number: number, change: Partial<Release['content']> = {}): Release {
  const content = {
    service: 'greeter',
    environment: 'production',
    image: sha256(`image ${number}`),
    config: { LOG_LEVEL: 'info' },
    secrets: { DATABASE_URL: '0123456789abcdef' },
    grants: [],
    ...change,
  };
  return { number, digest: releaseDigest(content), content, revision: null, artifact: sha256(`artifact ${number}`) };
}

export interface SampleChange {
  readonly key?: string;
  readonly spec?: Partial<EnvironmentSpec>;
  readonly kubernetes?: Partial<KubernetesSpec>;
  readonly releases?: readonly Release[];
}

export function sampleContext(change: SampleChange = {}): EnvironmentContext {
  const { key = 'greeter/production', releases = [1, 2, 3].map((number) => sampleRelease(number)) } = change;
  return {
    key,
    spec: { ...SPEC, ...change.spec, kubernetes: { ...KUBERNETES, ...change.kubernetes } },
    releases: Object.fromEntries(releases.map((release) => [release.number, release])),
  };
}

export function sampleRoute(shares: Readonly<Record<number, number>>, change: Partial<RouteEffect> = {}): RouteEffect {
  return { kind: 'route', shares, rollout: null, affinity: { kind: 'none' }, match: null, mirror: null, ...change };
}
