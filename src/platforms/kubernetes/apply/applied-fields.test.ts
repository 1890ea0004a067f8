import { expect, test } from 'vitest';
import type { KubernetesObject } from '../cluster-client.ts';
import { KINDS } from '../kinds.ts';
import { appliedFields, isAlreadySo } from './applied-fields.ts';

/** As the API server gives a Deployment that was applied with one container and scaled by somebody else. */
const live = JSON.parse(`{
  "apiVersion": "apps/v1", "kind": "Deployment",
  "metadata": {
    "name": "greeter-1", "uid": "u", "resourceVersion": "7", "labels": { "a": "1", "foreign": "x" },
    "managedFields": [
      { "manager": "other", "operation": "Update", "fieldsV1": { "f:spec": { "f:paused": {} } } },
      { "manager": "slipway", "operation": "Update", "fieldsV1": { "f:metadata": { "f:labels": { "f:foreign": {} } } } },
      { "manager": "slipway", "operation": "Apply", "fieldsV1": {
        "f:metadata": { "f:labels": { "f:a": {} } },
        "f:spec": { "f:replicas": {}, "f:template": { "f:spec": {
          "f:containers": { "k:{\\"name\\":\\"service\\"}": {
            ".": {}, "f:name": {}, "f:image": {},
            "f:resources": { "f:limits": { "f:cpu": {} } },
            "f:ports": { "k:{\\"containerPort\\":8080,\\"protocol\\":\\"TCP\\"}": { ".": {}, "f:containerPort": {}, "f:protocol": {} } }
          } },
          "f:finalizers": { "v:\\"mine\\"": {} }
        } } }
      } }
    ]
  },
  "spec": {
    "replicas": 3, "paused": true,
    "template": { "spec": {
      "containers": [
        { "name": "injected", "image": "proxy" },
        { "name": "service", "image": "x", "resources": { "limits": { "cpu": "500m" } }, "terminationMessagePath": "/dev/x",
          "ports": [{ "containerPort": 9090, "protocol": "TCP" }, { "containerPort": 8080, "protocol": "TCP" }] }
      ],
      "finalizers": ["theirs", "mine"]
    } }
  },
  "status": { "replicas": 3 }
}`) as KubernetesObject;

const applied = (cpu = '500m') => ({
  ...KINDS.deployment,
  metadata: { name: 'greeter-1', labels: { a: '1' } },
  spec: {
    replicas: 3,
    template: {
      spec: {
        containers: [
          {
            name: 'service',
            image: 'x',
            resources: { limits: { cpu } },
            ports: [{ containerPort: 8080, protocol: 'TCP' }],
          },
        ],
        finalizers: ['mine'],
      },
    },
  },
});

test('what we have applied is taken out of what others have made of it', () => {
  expect(appliedFields(live)).toEqual(applied());
  expect(appliedFields({ ...live, metadata: { name: 'greeter-1' } })).toBeNull();
});

test('an object is so already when all of it is, and nothing that was applied before is wanted no more', () => {
  expect(isAlreadySo(live, applied())).toBe(true);
  expect(isAlreadySo(live, applied('0.5'))).toBe(true);
  expect(isAlreadySo(live, applied('0.6'))).toBe(false);
  const { spec } = applied();
  expect(isAlreadySo(live, { ...applied(), spec: { ...spec, replicas: 2 } })).toBe(false);
  expect(isAlreadySo(live, { ...applied(), spec: { ...spec, paused: false } })).toBe(false);
  expect(isAlreadySo(live, { ...applied(), metadata: { name: 'greeter-1' } })).toBe(false);
  const other = { ...applied(), metadata: { name: 'greeter-1', labels: { a: '0.001k' } } };
  expect(isAlreadySo(live, other)).toBe(false);
});

/** A route is one list for the API server, into which it writes what was left out. */
function route(rules: unknown): KubernetesObject {
  const fieldsV1 = { 'f:spec': { 'f:rules': {} } };
  return {
    ...KINDS.httpRoute,
    metadata: { name: 'r', managedFields: [{ manager: 'slipway', operation: 'Apply', fieldsV1 }] },
    spec: { rules },
  } as unknown as KubernetesObject;
}
const wantedRoute = (rules: unknown): KubernetesObject =>
  ({ ...KINDS.httpRoute, metadata: { name: 'r' }, spec: { rules } }) as unknown as KubernetesObject;

test('what the API server writes into a route by itself is no difference, and a condition that it had before is one', () => {
  const backendRefs = [{ name: 'a', port: 80, weight: 1 }];
  const completed = [{ name: 'a', port: 80, weight: 1, group: '', kind: 'Service' }];
  const anyPath = { path: { type: 'PathPrefix', value: '/' } };
  const everything = [{ matches: [anyPath], backendRefs: completed }];
  expect(isAlreadySo(route(everything), wantedRoute([{ backendRefs }]))).toBe(true);
  const some = [{ matches: [{ ...anyPath, headers: [{ name: 'x', value: 'y' }] }], backendRefs: completed }];
  expect(isAlreadySo(route(some), wantedRoute([{ backendRefs }]))).toBe(false);
  expect(isAlreadySo(route([...some, ...everything]), wantedRoute([{ backendRefs }]))).toBe(false);
});
