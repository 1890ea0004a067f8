import { describe, expect, test } from 'vitest';
import { parseProject } from './parse-project.ts';
import type { Problem } from './problem.ts';

const parse = (text: string) => parseProject(text, 'slipway.yaml', { toolchain: 'rust', file: 'Cargo.toml' });

/** A project with one environment on a cluster: keys of `platform.kubernetes`, then others of the environment. */
const written = (settings: string, keys = '', top = 'image: ghcr.io/acme/greeter') =>
  `service: greeter\n${top}\nenvironments:\n  production:\n    platform: { kubernetes: { ${settings} } }\n${keys
    .split('\n')
    .map((line) => `    ${line}\n`)
    .join('')}`;

const production = (...args: Parameters<typeof written>) => {
  const { project, problems } = parse(written(...args));
  expect(problems).toEqual([]);
  const found = project?.environments.find(({ name }) => name === 'production');
  if (found === undefined) throw new Error('no production');
  return found;
};

/** What is complained about: `code what-is-marked`. */
const complaints = (...args: Parameters<typeof written>): readonly string[] =>
  parse(written(...args)).problems.map(({ code, sourceLine, column, length }: Problem) => {
    return `${code} ${sourceLine.slice(column - 1, column - 1 + length)}`;
  });

describe('an environment on a cluster', () => {
  test('says the least and gets the defaults', () => {
    expect(production('').spec).toMatchObject({
      kubernetes: {
        namespace: 'default',
        traffic: 'gateway-api',
        gateway: { name: 'default', namespace: null },
        hosts: [],
        runtimeClass: null,
        repository: 'ghcr.io/acme/greeter',
        pullSecret: null,
        resources: { cpu: null, memory: null },
        prometheus: null,
      },
    });
    expect(production('').spec.routing).toBeUndefined();
  });

  test('says everything', () => {
    const settings =
      'context: prod, namespace: wasm-prod, gateway: { name: public, namespace: gateways }, hosts: [shop.example.com, "*.shop.example.com"], pullSecret: registry, resources: { cpu: 0.5, memory: 128Mi }';
    const metrics =
      'metrics: { prometheus: { url: "http://prometheus:9090", series: { requests: http_requests_total }, labels: { pod: kubernetes_pod } } }';
    const { spec, platform } = production(settings, metrics);
    expect(spec.kubernetes).toMatchObject({
      gateway: { name: 'public', namespace: 'gateways' },
      hosts: ['shop.example.com', '*.shop.example.com'],
      pullSecret: 'registry',
      resources: { cpu: '0.5', memory: '128Mi' },
      prometheus: {
        url: 'http://prometheus:9090',
        series: { requests: 'http_requests_total', latency: 'slipway_request_duration_seconds' },
        labels: { release: 'slipway_release', pod: 'kubernetes_pod' },
      },
    });
    expect(platform).toMatchObject({ context: 'prod' });
    expect(spec.kubernetes).not.toHaveProperty('context');
  });

  test('with a plain Service gets the shares of its ready pods and has no gateway, with Istio only the one that it names', () => {
    expect(production('traffic: service').spec).toMatchObject({ routing: 'replicas', kubernetes: { gateway: null } });
    expect(production('traffic: istio').spec.kubernetes?.gateway).toBeNull();
    expect(production('traffic: istio, gateway: public').spec.kubernetes?.gateway).toEqual({
      name: 'public',
      namespace: null,
    });
  });

  test('may roll, switch and test on a few', () => {
    for (const strategy of ['rolling', 'blueGreen', 'canary']) {
      expect(production('traffic: service', `strategy: ${strategy}`).spec.strategy.kind).toBe(strategy);
    }
  });
});

describe('an environment on a cluster is refused', () => {
  test('without a registry, and without an image that its pods can run', () => {
    expect(complaints('', '', '')).toEqual(['config/contradiction kubernetes']);
    const wasmOnly = 'image: { repository: ghcr.io/acme/greeter, platforms: [wasi/wasm] }';
    expect(complaints('', '', wasmOnly)).toEqual(['config/contradiction kubernetes']);
    expect(complaints('runtimeClass: wasmtime', '', wasmOnly)).toEqual([]);
  });

  test('with gates and sticky users, which only the embedded platform has', () => {
    expect(complaints('', 'gates: { smoke: [{ get: / }], load: { rate: 1/s } }')).toEqual([
      'config/not-yet smoke',
      'config/not-yet load',
    ]);
    expect(complaints('', 'gates: { smoke: [], e2e: false }')).toEqual([]);
    expect(complaints('', 'affinity: { header: X-User }')).toEqual(['config/not-yet affinity']);
    expect(complaints('', 'affinity: none')).toEqual([]);
    const before = 'strategy: { blueGreen: { before: { smoke: [{ get: / }] } } }';
    expect(complaints('', before)).toEqual(['config/not-yet smoke']);
  });

  test('with a plain Service that is to look into requests, or a route that there is not', () => {
    const match = 'strategy: { canary: { match: { headers: { canary: "true" } } } }';
    expect(complaints('traffic: service', match)).toEqual(['config/contradiction match']);
    expect(complaints('traffic: istio', match)).toEqual([]);
    const mirror = 'strategy: { canary: { steps: [{ mirror: 5% }, { weight: 100% }] } }';
    expect(complaints('traffic: service', mirror)).toEqual(['config/contradiction mirror']);
    expect(complaints('traffic: service, gateway: public, hosts: [a.example]')).toEqual([
      'config/contradiction gateway',
      'config/contradiction hosts',
    ]);
  });

  test('with weights that its route can not give', () => {
    const steps = (weight: string) => `strategy: { canary: { steps: [{ weight: ${weight} }, { weight: 100% }] } }`;
    expect(complaints('traffic: istio', steps('2.5%'))).toEqual(['config/contradiction 2.5%']);
    expect(complaints('', steps('2.5%'))).toEqual([]);
    expect(complaints('', steps('0.005%'))).toEqual(['config/contradiction 0.005%']);
    expect(complaints('traffic: istio', steps('29%'))).toEqual([]);
  });

  test('with a Wasm runtime that gets no component, or bounds that nobody would keep', () => {
    const core = 'image: ghcr.io/acme/greeter\nbuild: { target: wasm32-wasip1 }';
    expect(complaints('runtimeClass: wasmtime', '', core)).toEqual(['config/contradiction runtimeClass']);
    expect(complaints('', '', core)).toEqual([]);
    expect(complaints('runtimeClass: wasmtime', 'limits: { request: 5s }')).toEqual(['config/contradiction limits']);
  });

  test('with variables that the host in the image would keep to itself', () => {
    expect(complaints('', 'config: { NODE_OPTIONS: "--inspect", LEVEL: info }\nsecrets: { HOME: "env:X" }')).toEqual([
      'config/contradiction NODE_OPTIONS',
      'config/contradiction HOME',
    ]);
    expect(complaints('runtimeClass: wasmtime', 'config: { HOME: / }')).toEqual([]);
  });

  test('with names and quantities that the cluster would refuse', () => {
    expect(complaints('namespace: Prod')).toEqual(['config/wrong-value Prod']);
    expect(complaints('hosts: ["https://a.example"]')).toEqual(['config/wrong-value "https://a.example"']);
    const { problems } = parse(written('resources: { memory: 128MB }'));
    expect(problems).toMatchObject([{ code: 'config/wrong-unit', hint: 'Did you mean `128M`?' }]);
    expect(complaints('traffic: nginx')).toEqual(['config/wrong-value nginx']);
  });
});

test('an embedded environment has no use for a Prometheus', () => {
  const text = 'service: a\nenvironments:\n  staging:\n    metrics: { prometheus: { url: env:P } }\n';
  const { problems } = parse(text);
  expect(problems).toMatchObject([{ code: 'config/contradiction', line: 4, column: 5 }]);
});
