import { expect, test } from 'vitest';
import type { KubernetesObject } from '../cluster-client.ts';
import { KINDS } from '../kinds.ts';
import { routeObjects } from '../objects/index.ts';
import { sampleContext, sampleRoute } from '../objects/sample-context.ts';
import { httpRouteTraffic, refusalOfRoute, serviceTraffic, virtualServiceTraffic } from './seen-traffic.ts';

const gateway = sampleContext();
const plain = sampleContext({ kubernetes: { traffic: 'service', gateway: null, hosts: [] } });

function routeOf(context: typeof gateway, shares: Record<number, number>, kind: string): KubernetesObject {
  const found = routeObjects(context, sampleRoute(shares)).find((object) => object.kind === kind);
  if (found === undefined) throw new Error(`there is no ${kind}`);
  return found;
}

const accepted = (generation: number, status = 'True') =>
  ['Accepted', 'ResolvedRefs'].map((type) => ({
    type,
    status,
    observedGeneration: generation,
    reason: 'BackendNotFound',
    message: 'no such Service',
  }));

function told(parents: readonly unknown[]): KubernetesObject {
  const route = routeOf(gateway, { 1: 0.75, 2: 0.25 }, 'HTTPRoute');
  return JSON.parse(
    JSON.stringify({ ...route, metadata: { ...route.metadata, generation: 3 }, status: { parents } }),
  ) as KubernetesObject;
}

test('a route counts when its Gateway has taken over its present generation', () => {
  expect(httpRouteTraffic(gateway, undefined)).toEqual({});
  expect(httpRouteTraffic(gateway, told([{ conditions: accepted(3) }]))).toEqual({ 1: 0.75, 2: 0.25 });
  expect(httpRouteTraffic(gateway, told([{ conditions: accepted(2) }]))).toBeNull();
  expect(httpRouteTraffic(gateway, told([]))).toBeNull();
  expect(refusalOfRoute(told([{ conditions: accepted(3, 'False') }]))).toBe(
    'its Gateway says BackendNotFound: no such Service',
  );
});

test('a VirtualService is believed as it is written', () => {
  const istio = sampleContext({ kubernetes: { traffic: 'istio', gateway: null } });
  const route = routeOf(istio, { 1: 0.9, 2: 0.1 }, 'VirtualService');
  expect(virtualServiceTraffic(istio, route)).toEqual({ 1: 0.9, 2: 0.1 });
  expect(virtualServiceTraffic(istio, undefined)).toEqual({});
});

const pod = (name: string, release: number, { ready = true, exposed = true } = {}): KubernetesObject => ({
  ...KINDS.pod,
  metadata: {
    name,
    labels: { 'slipway.dev/release': String(release), ...(exposed ? { 'slipway.dev/exposed': 'true' } : {}) },
  },
  status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
});

test('a plain Service gives all to the release that it names, or to each its share of the exposed pods that are ready', () => {
  const pods = [pod('a', 1), pod('b', 1), pod('c', 2), pod('d', 2, { ready: false }), pod('e', 3, { exposed: false })];
  const several = routeOf(plain, { 1: 0.5, 2: 0.5 }, 'Service');
  expect(serviceTraffic(routeOf(plain, { 2: 1 }, 'Service'), pods)).toEqual({ 2: 1 });
  expect(serviceTraffic(several, pods)).toEqual({ 1: 2 / 3, 2: 1 / 3 });
  expect(serviceTraffic(several, [])).toEqual({});
  expect(serviceTraffic(several, [pod('d', 2, { ready: false }), pod('e', 1, { exposed: false })])).toEqual({});
  expect(serviceTraffic(routeOf(plain, {}, 'Service'), pods)).toEqual({});
  expect(serviceTraffic(undefined, pods)).toEqual({});
  expect(serviceTraffic({ ...several, spec: { selector: { app: 'other' } } }, pods)).toEqual({});
});
