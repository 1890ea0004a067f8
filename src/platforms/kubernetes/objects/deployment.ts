/** The pods of one release. Nothing of them ever changes but their number: another release is another Deployment. */

import type { KubernetesSpec, Release } from '../../../delivery/index.ts';
import type { Json } from '../../../kernel/digest.ts';
import { KINDS } from '../kinds.ts';
import type { KubernetesObject } from '../cluster-client.ts';
import {
  ANNOTATIONS,
  CONTAINER,
  environmentName,
  releaseLabels,
  releaseName,
  SECRET_KEY,
  secretName,
} from '../names.ts';
import { appliedObject, kubernetesOf, type ObjectsContext, POD_PORT } from './applied-object.ts';
import { pulledImage } from './pulled-image.ts';

/** How long an ended pod goes on serving, in seconds: so long its address may be handed out still (trap T11). */
const HAND_OVER = 5;
/** Between the last request's time and the kill: what the replica takes to close, and a little. */
const CLOSING = 5;

/** A user that is not root, whatever the image says: an image of Wasm alone names none. */
const USER = 65532;

/**
 * The Deployment as it is made. One that is there already keeps its pods as they are even when the environment has
 * other settings by now: then only `spec.replicas` is to be changed.
 *
 * @throws Fault `kubernetes/no-wasm-image` when the pods' runtime needs an artifact that is not known.
 */
export function deployment(context: ObjectsContext, release: Release, replicas: number): KubernetesObject {
  const { key, spec } = context;
  const labels = releaseLabels(key, release.number);
  const identity = {
    kind: KINDS.deployment,
    name: releaseName(key, release),
    labels,
    annotations: { [ANNOTATIONS.digest]: release.digest },
  };
  return appliedObject(context, identity, {
    spec: {
      replicas,
      revisionHistoryLimit: 0,
      progressDeadlineSeconds: Math.max(1, Math.ceil(spec.strategy.deadline / 1000)),
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: podSpec(context, release) },
    },
  });
}

function podSpec(context: ObjectsContext, release: Release): Json {
  const { key, spec } = context;
  const { runtimeClass, pullSecret } = kubernetesOf(context);
  return {
    serviceAccountName: environmentName(key),
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    ...(runtimeClass === null ? {} : { runtimeClassName: runtimeClass }),
    ...(pullSecret === null ? {} : { imagePullSecrets: [{ name: pullSecret }] }),
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER,
      runAsGroup: USER,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    terminationGracePeriodSeconds: HAND_OVER + Math.ceil(spec.limits.request / 1000) + CLOSING,
    topologySpreadConstraints: ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map((topologyKey) => ({
      maxSkew: 1,
      topologyKey,
      whenUnsatisfiable: 'ScheduleAnyway',
      labelSelector: { matchLabels: releaseLabels(key, release.number) },
    })),
    containers: [container(context, release)],
  };
}

function container(context: ObjectsContext, release: Release): Json {
  const { key, spec } = context;
  const kubernetes = kubernetesOf(context);
  return {
    name: CONTAINER,
    ...pulledImage(kubernetes, release),
    imagePullPolicy: 'IfNotPresent',
    ports: [{ name: 'http', containerPort: POD_PORT, protocol: 'TCP' }],
    envFrom: [{ configMapRef: { name: releaseName(key, release) } }],
    env: [
      // Bounds for the host in our own image; it keeps them from the service.
      { name: 'SLIPWAY_MEMORY', value: String(spec.limits.memory) },
      { name: 'SLIPWAY_REQUEST_DEADLINE', value: String(spec.limits.request) },
      ...Object.entries(release.content.secrets).map(([name, version]) => ({
        name,
        valueFrom: { secretKeyRef: { name: secretName(key, name, version), key: SECRET_KEY } },
      })),
    ],
    // It listens when it can serve, and its own watchdog ends what hangs: there is no path to ask for, and a second
    // watchdog from outside would only kill pods that have much to do.
    readinessProbe: { tcpSocket: { port: 'http' }, periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 3 },
    lifecycle: { preStop: { sleep: { seconds: HAND_OVER } } },
    terminationMessagePolicy: 'FallbackToLogsOnError',
    resources: resources(kubernetes),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
  };
}

function resources({ resources: { cpu, memory } }: KubernetesSpec): Json {
  const named = { ...(cpu === null ? {} : { cpu }), ...(memory === null ? {} : { memory }) };
  return Object.keys(named).length === 0 ? {} : { requests: named, limits: named };
}
