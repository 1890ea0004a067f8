import { describe, expect, test } from 'vitest';
import { parseProject } from './parse-project.ts';
import type { Problem } from './problem.ts';

const parse = (text: string) => parseProject(text, 'slipway.yaml', { toolchain: 'rust', file: 'Cargo.toml' });
const inStaging = (keys: string) => parse(`service: greeter\nenvironments: { staging: { ${keys} } }\n`).problems;
/** Without those that only say that the feature is not there yet. */
const wrong = (problems: readonly Problem[]) => problems.filter(({ code }) => code !== 'config/not-yet');

describe('the whole contract', () => {
  const everything = `service: greeter
build:
  toolchain: rust
  target: wasm32-wasip2
  optimise: Oz
  maxSize: 1.2MB
checks:
  format: true
  lint: true
  coverage: 80%
  audit: { failOn: high, unscored: high, ignore: [{ id: RUSTSEC-2026-0001, until: 2027-01-31, because: "not reachable" }] }
  capabilities: { lock: slipway.caps.lock }
tests:
  unit: true
  integration: true
  bench: true
  e2e: { postman: tests/api.postman_collection.json }
image:
  repository: ghcr.io/acme/greeter
  platforms: [linux/amd64, linux/arm64, wasi/wasm]
  sign: { key: env:SLIPWAY_SIGNING_KEY }
branches: gitflow
environments:
  preview:
    ttl: 72h
  staging:
    platform: { embedded: { engine: node } }
    replicas: 2
    strategy: { rolling: { maxSurge: 2, maxUnavailable: 1 } }
    gates:
      smoke: [{ get: /health, status: 200 }]
      load: { rate: 200/s, for: 20s, p99: 200ms, errors: 0.1% }
      e2e: true
  production:
    from: [main, "v*.*.*"]
    needs: [staging]
    platform: { kubernetes: { context: prod, namespace: wasm-prod, traffic: gateway-api, runtimeClass: wasmtime } }
    approval: { count: 1, by: [release-managers] }
    replicas: 5
    config: { LOG_LEVEL: info }
    secrets: { DATABASE_URL: env:DATABASE_URL }
    affinity: none
    metrics: { prometheus: { url: env:PROMETHEUS_URL } }
    strategy:
      canary:
        steps: [{ weight: 10% }, { pause: 1m }, { weight: 50% }, { pause: 2m }, { weight: 100% }]
        match: { headers: { canary: "true" } }
        judge: { tolerate: 1x, detect: 2x, falseAlarm: 1%, miss: 5%, within: 15m, inconclusive: hold, slo: { errors: 1%, p99: 500ms } }
    guard: 30m
    keep: 3
notify:
  - slack: env:SLACK_WEBHOOK
    when: [rollout.aborted, rollout.promoted, approval.requested]
`;

  test('is valid but for what is not there yet, and that is named key by key', () => {
    const { problems } = parse(everything);
    expect(wrong(problems)).toEqual([]);
    const keys = problems.map(({ sourceLine, column, length }) => sourceLine.slice(column - 1, column - 1 + length));
    expect(keys.join(' ')).toBe('coverage audit capabilities bench sign ttl notify');
  });

  test('comes out in milliseconds, bytes and fractions', () => {
    const { draft } = parse(everything);
    expect(draft?.build.maxSize).toBe(1_200_000);
    expect(draft?.checks.coverage).toBe(0.8);
    const [preview, staging, production] = draft?.environments ?? [];
    expect(preview?.ttl).toBe(259_200_000);
    expect(staging?.spec.gates).toEqual({
      smoke: [{ method: 'get', path: '/health', body: null, status: 200 }],
      load: { path: '/', rate: 200, for: 20_000, p99: 200, errors: 0.001 },
      e2e: true,
    });
    expect(production?.spec.strategy).toMatchObject({
      steps: [
        { kind: 'weight', weight: 0.1 },
        { kind: 'pause', duration: 60_000 },
        { kind: 'weight', weight: 0.5 },
        { kind: 'pause', duration: 120_000 },
        { kind: 'weight', weight: 1 },
      ],
      match: { headers: { canary: 'true' } },
    });
    expect(production?.secrets).toEqual({ DATABASE_URL: { from: 'env', name: 'DATABASE_URL' } });
    expect(production?.spec.approval).toEqual({ count: 1, by: ['release-managers'], expires: null });
  });

  test('a blue-green strategy and every kind of step are understood', () => {
    const gates = 'smoke: [{ get: / }], load: { rate: 10/s, path: /work }';
    const blueGreen = `previewReplicas: 2, switch: { after: 30s }, before: { ${gates}, judge: {} }, after: { judge: {} }`;
    expect(inStaging(`strategy: { blueGreen: { ${blueGreen} } }`)).toEqual([]);
    expect(inStaging('strategy: { blueGreen: { switch: manual } }')).toEqual([]);
    const steps =
      '{ replicas: 2 }, { replicas: 50% }, { replicas: weight }, { pause: manual }, { judge: { within: 5m } }, { mirror: 5% }';
    expect(inStaging(`strategy: { canary: { steps: [${steps}] } }`)).toEqual([]);
  });

  test('a default that is written out asks for nothing', () => {
    const canary = 'supersede: restart, stableScale: full, keepAborted: 0s, rollbackWindow: 0';
    const keys = `approval: 0, affinity: none, guard: 0, needs: [], secrets: {}, platform: { embedded: { engine: node } }`;
    expect(inStaging(`${keys}, strategy: { canary: { ${canary} } }`)).toEqual([]);
    expect(inStaging('strategy: canary, platform: embedded, gates: {}, guard: 0s')).toEqual([]);
  });
});
