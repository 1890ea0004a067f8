import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KubernetesObject } from '../cluster-client.ts';
import { callersSelector, environmentObjects, releaseObjects, routeObjects, splitInRoute } from './index.ts';
import { sampleContext, sampleRelease, sampleRoute } from './sample-context.ts';

const ofKind = (objects: readonly KubernetesObject[], kind: string): KubernetesObject => {
  const found = objects.find((object) => object.kind === kind);
  if (found === undefined) throw new Error(`no ${kind}`);
  return found;
};

/** Plain JSON, for matchers. */
const specOf = (object: KubernetesObject): Record<string, unknown> => {
  const written = JSON.parse(JSON.stringify(object)) as { readonly spec?: Record<string, unknown> };
  return written.spec ?? {};
};

const podOf = (...args: Parameters<typeof releaseObjects>): Record<string, unknown> => {
  const { template } = specOf(ofKind(releaseObjects(...args), 'Deployment'));
  return (template as { readonly spec: Record<string, unknown> }).spec;
};

const containerOf = (...args: Parameters<typeof releaseObjects>): Record<string, unknown> => {
  const [container] = podOf(...args)['containers'] as readonly Record<string, unknown>[];
  return container ?? {};
};

describe('the pods of a release', () => {
  const context = sampleContext();
  const release = sampleRelease(2);

  test('run the image by its digest, as nobody, and with no right that they could do without', () => {
    expect(podOf(context, release, 3)).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(containerOf(context, release, 3)).toMatchObject({
      image: `ghcr.io/acme/greeter@${release.content.image}`,
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      },
    });
  });

  test('change in nothing but their number when the release is scaled', () => {
    const [one, other] = [1, 9].map((replicas) =>
      specOf(ofKind(releaseObjects(context, release, replicas), 'Deployment')),
    );
    expect({ ...one, replicas: 9 }).toEqual(other);
    expect(one?.['replicas']).toBe(1);
  });

  test('have failed when their deadline is over, unless that is to wait for a person', () => {
    const { strategy } = context.spec;
    const held = sampleContext({ spec: { strategy: { ...strategy, onDeadline: 'hold' } } });
    const [aborted, waits] = [context, held].map((one) =>
      specOf(ofKind(releaseObjects(one, release, 1), 'Deployment')),
    );
    expect(aborted?.['progressDeadlineSeconds']).toBe(Math.ceil(strategy.deadline / 1000));
    expect(waits?.['progressDeadlineSeconds']).toBe(2 ** 31 - 1);
  });

  test('get the configuration of their release and no value of a secret', () => {
    const objects = releaseObjects(context, release, 1);
    expect(ofKind(objects, 'ConfigMap')).toMatchObject({ immutable: true, data: { LOG_LEVEL: 'info' } });
    const { env, envFrom } = containerOf(context, release, 1);
    expect(envFrom).toEqual([{ configMapRef: { name: ofKind(objects, 'ConfigMap').metadata.name } }]);
    expect(env).toContainEqual({
      name: 'DATABASE_URL',
      valueFrom: { secretKeyRef: { name: expect.stringMatching(/^greeter-production-database-url-/), key: 'value' } },
    });
  });

  test('are given the time that a request may take before they are killed', () => {
    const slow = sampleContext({ spec: { limits: { memory: 1e6, request: 45_000 } } });
    const { terminationGracePeriodSeconds: patience } = podOf(slow, release, 1);
    const { lifecycle, readinessProbe } = containerOf(slow, release, 1);
    expect(lifecycle).toEqual({ preStop: { sleep: { seconds: 5 } } });
    expect(patience).toBeGreaterThanOrEqual(5 + 45);
    expect(readinessProbe).toMatchObject({ httpGet: { path: '/ready' }, failureThreshold: 47 });
  });

  test('are bounded as the environment says, in the host of our image too', () => {
    const bounded = sampleContext({ kubernetes: { resources: { cpu: '500m', memory: '128Mi' } } });
    const { resources, env } = containerOf(bounded, release, 1);
    const both = { cpu: '500m', memory: '128Mi' };
    expect(resources).toEqual({ requests: both, limits: both });
    expect(env).toContainEqual({ name: 'SLIPWAY_MEMORY', value: '256000000' });
    expect(env).toContainEqual({ name: 'SLIPWAY_REQUEST_DEADLINE', value: '10000' });
    expect(containerOf(context, release, 1)['resources']).toEqual({});
  });

  test('of a Wasm runtime pull the artifact, name what is to run, and are asked nothing that only our host knows', () => {
    const wasm = sampleContext({ kubernetes: { runtimeClass: 'wasmtime', pullSecret: 'registry' } });
    expect(podOf(wasm, release, 1)).toMatchObject({
      runtimeClassName: 'wasmtime',
      imagePullSecrets: [{ name: 'registry' }],
    });
    const container = containerOf(wasm, release, 1);
    expect(container).toMatchObject({
      image: `ghcr.io/acme/greeter@${release.artifact}`,
      command: ['app.wasm'],
      readinessProbe: { tcpSocket: { port: 'http' } },
    });
    expect(JSON.stringify(container)).not.toContain('SLIPWAY_');
  });

  test('of a Wasm runtime are refused when nobody has said what it pulls', () => {
    const wasm = sampleContext({ kubernetes: { runtimeClass: 'wasmtime' } });
    const { artifact, ...unknown } = release;
    expect(artifact).toBeDefined();
    expect(() => releaseObjects(wasm, unknown, 1)).toThrow(
      expect.objectContaining({ code: 'kubernetes/no-wasm-image', kind: 'refused' }) as Error,
    );
  });
});

describe('selectors', () => {
  const matches = (selector: Readonly<Record<string, string>>, labels: Readonly<Record<string, string>>): boolean =>
    Object.entries(selector).every(([name, value]) => labels[name] === value);

  test('never find the pods of a release that has no share', () => {
    const contexts = (['gateway-api', 'istio', 'service'] as const).map((traffic) =>
      sampleContext({ kubernetes: { traffic } }),
    );
    const podsOf = (context: (typeof contexts)[number], exposed: readonly number[]) =>
      [1, 2, 3].map((release) => {
        const { metadata } = ofKind(releaseObjects(context, sampleRelease(release), 1), 'Deployment');
        const isMixed = exposed.length > 1 && exposed.includes(release);
        return { release, labels: { ...metadata.labels, ...(isMixed ? { 'slipway.dev/exposed': 'true' } : {}) } };
      });
    fc.assert(
      fc.property(fc.constantFrom(...contexts), fc.subarray([1, 2, 3]), fc.nat(9), (context, exposed, tilt) => {
        const sum = exposed.reduce((all, release) => all + release ** tilt, 0);
        const shares = Object.fromEntries(exposed.map((release) => [release, release ** tilt / sum]));
        const selector = callersSelector(context, shares);
        const found = podsOf(context, exposed).filter(({ labels }) => matches(selector, labels));
        expect(exposed).toEqual(expect.arrayContaining(found.map(({ release }) => release)));
        expect(found.length > 0).toBe(exposed.length > 0);
      }),
    );
  });

  test('of a Deployment find its own pods and those of no other release', () => {
    const context = sampleContext();
    const selectors = [1, 2, 3].map((number) => {
      const spec = specOf(ofKind(releaseObjects(context, sampleRelease(number), 1), 'Deployment'));
      return (spec['selector'] as { readonly matchLabels: Record<string, string> }).matchLabels;
    });
    for (const [index, selector] of selectors.entries()) {
      const found = selectors.map((labels) => matches(selector, labels));
      expect(found).toEqual(selectors.map((_, other) => other === index));
    }
  });

  test('of a plain Service switch from one release to the other in one step, and mix by a label that pods must get first', () => {
    const context = sampleContext({ kubernetes: { traffic: 'service', gateway: null } });
    expect(callersSelector(context, { 1: 1 })).toMatchObject({ 'slipway.dev/release': '1' });
    expect(callersSelector(context, { 2: 1 })).toMatchObject({ 'slipway.dev/release': '2' });
    const mixed = callersSelector(context, { 1: 0.8, 2: 0.2 });
    expect(mixed).toMatchObject({ 'slipway.dev/exposed': 'true' });
    expect(mixed).not.toHaveProperty('slipway.dev/release');
  });
});

test('the budget spans all releases of the environment', () => {
  const budget = specOf(ofKind(environmentObjects(sampleContext()), 'PodDisruptionBudget'));
  expect(budget).toMatchObject({
    maxUnavailable: 1,
    selector: { matchLabels: { 'slipway.dev/service': 'greeter', 'slipway.dev/environment': 'production' } },
  });
});

describe('an HTTPRoute', () => {
  const context = sampleContext();
  const rulesOf = (...args: Parameters<typeof sampleRoute>): readonly Record<string, unknown>[] =>
    specOf(ofKind(routeObjects(context, sampleRoute(...args)), 'HTTPRoute'))['rules'] as Record<string, unknown>[];

  test('hangs on the gateway and sends each release its weight', () => {
    const [route, service] = routeObjects(context, sampleRoute({ 1: 0.9, 2: 0.1 }));
    expect(specOf(route!)).toMatchObject({
      parentRefs: [{ name: 'public', namespace: 'gateways' }],
      hostnames: ['greeter.example.com'],
      rules: [{ backendRefs: [{ weight: 9000, port: 80 }, { weight: 1000 }] }],
    });
    expect(specOf(service!)).toMatchObject({ selector: { 'slipway.dev/release': '1' } });
  });

  test('sends to Services that the releases have', () => {
    const [{ backendRefs } = {}] = rulesOf({ 1: 0.5, 3: 0.5 });
    const names = [1, 3].map(
      (number) => ofKind(releaseObjects(context, sampleRelease(number), 1), 'Service').metadata.name,
    );
    expect((backendRefs as readonly { readonly name: string }[]).map(({ name }) => name)).toEqual(names);
  });

  test('gives requests with the header to the candidate, also those of which others get a copy', () => {
    const match = { headers: { canary: 'true' }, release: 2 };
    const header = { type: 'Exact', name: 'canary', value: 'true' };
    expect(rulesOf({ 1: 1 }, { match })[0]).toMatchObject({
      matches: [{ headers: [header] }],
      backendRefs: [{ weight: 1 }],
    });
    const [first] = rulesOf({ 1: 1 }, { match, mirror: { release: 3, share: 0.05 } });
    expect(first).toMatchObject({ matches: [{ headers: [header] }, { method: 'GET', headers: [header] }, {}, {}] });
  });

  test('copies only requests that change nothing, and as many as asked for', () => {
    const rules = rulesOf({ 1: 1 }, { mirror: { release: 2, share: 0.055 } });
    expect(rules[0]).toMatchObject({
      matches: [{ method: 'GET' }, { method: 'HEAD' }, { method: 'OPTIONS' }],
      filters: [{ type: 'RequestMirror', requestMirror: { fraction: { numerator: 550, denominator: 10_000 } } }],
    });
    expect(rules[1]).not.toHaveProperty('filters');
  });
});

describe('a VirtualService', () => {
  const istio = (gateway: { name: string; namespace: string | null } | null, hosts: readonly string[]) =>
    sampleContext({ kubernetes: { traffic: 'istio', gateway, hosts } });
  const specFor = (context: ReturnType<typeof istio>, ...args: Parameters<typeof sampleRoute>) =>
    specOf(ofKind(routeObjects(context, sampleRoute(...args)), 'VirtualService'));

  test('holds in the mesh for the Service, at a gateway for its hosts, and never in the mesh for all hosts', () => {
    const gateway = { name: 'public', namespace: 'gateways' };
    expect(specFor(istio(null, []), { 1: 1 })).toMatchObject({ hosts: ['greeter-production'] });
    expect(specFor(istio(gateway, ['a.example']), { 1: 1 })).toMatchObject({
      gateways: ['gateways/public', 'mesh'],
      hosts: ['greeter-production', 'a.example'],
    });
    expect(specFor(istio(gateway, []), { 1: 1 })).toMatchObject({ gateways: ['gateways/public'], hosts: ['*'] });
  });

  test('names only subsets that the DestinationRule has, which is applied before', () => {
    const context = istio(null, []);
    const objects = routeObjects(context, sampleRoute({ 1: 0.5, 2: 0.5 }, { mirror: { release: 3, share: 0.1 } }));
    expect(objects.map(({ kind }) => kind)).toEqual(['DestinationRule', 'Service', 'VirtualService']);
    const { subsets, host } = specOf(objects[0]!);
    expect((subsets as readonly { readonly name: string }[]).map(({ name }) => name)).toEqual([
      'release-1',
      'release-2',
      'release-3',
    ]);
    expect(specOf(objects[2]!)['http']).toMatchObject([
      {
        match: [{ method: { regex: 'GET|HEAD|OPTIONS' } }],
        mirror: { host, subset: 'release-3' },
        mirrorPercentage: { value: 10 },
      },
      { route: [{ destination: { host, subset: 'release-1' }, weight: 50 }, { weight: 50 }] },
    ]);
    expect(environmentObjects(context).map(({ metadata }) => metadata.name)).toContain(host);
  });

  test('asks for headers in lower case, as Istio does', () => {
    const match = { headers: { 'X-Canary': 'true' }, release: 2 };
    expect(specFor(istio(null, []), { 1: 1 }, { match })['http']).toMatchObject([
      { match: [{ headers: { 'x-canary': { exact: 'true' } } }], route: [{ weight: 100 }] },
      {},
    ]);
  });
});

describe('the split that a route stands for', () => {
  const shares = fc.constantFrom({ 1: 1 }, { 1: 1 / 3, 2: 2 / 3 }, { 1: 0.9, 2: 0.1 }, { 1: 0.5, 2: 0.3, 3: 0.2 }, {});
  const contexts = (['gateway-api', 'istio'] as const).map((traffic) => sampleContext({ kubernetes: { traffic } }));
  const routeIn = (objects: readonly KubernetesObject[]): KubernetesObject =>
    objects.find(({ kind }) => kind === 'HTTPRoute' || kind === 'VirtualService')!;

  test('is exactly the one that was asked for', () => {
    fc.assert(
      fc.property(fc.constantFrom(...contexts), shares, (context, split) => {
        const route = routeIn(
          routeObjects(context, sampleRoute(split, { match: { headers: { a: 'b' }, release: 3 } })),
        );
        expect(splitInRoute(context, route)).toEqual(split);
      }),
    );
  });

  test('is what its weights say once somebody has changed them', () => {
    for (const context of contexts) {
      const route = routeIn(routeObjects(context, sampleRoute({ 1: 0.75, 2: 0.25 })));
      const text = JSON.stringify(route).replaceAll(/"weight":(25|2500)\b/g, '"weight":0');
      expect(splitInRoute(context, JSON.parse(text) as KubernetesObject)).toEqual({ 1: 1 });
    }
  });

  test('is unknown when it sends to what is no release of the environment', () => {
    for (const context of contexts) {
      const route = routeIn(routeObjects(context, sampleRoute({ 1: 1 })));
      expect(splitInRoute({ ...context, releases: {} }, route)).toBeNull();
    }
  });
});
