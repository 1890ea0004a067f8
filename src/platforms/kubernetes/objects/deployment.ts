/** The pods of one release. Nothing of them ever changes but their number: another release is another Deployment. */

import { type EnvironmentSpec, type KubernetesSpec, latencyObjectives, type Release } from '../../../delivery/index.ts';
import type { Json } from '../../../kernel/digest.ts';
import { IMAGE_PORT, KEPT_COUNTERS_FOLDER, METRICS_PORT } from '../../../oci/index.ts';
import { LATENCY_EDGES_VARIABLE, MEMORY_VARIABLE, REQUEST_DEADLINE_VARIABLE } from '../../replica-variables.ts';
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
import { appliedObject, kubernetesOf, type ObjectsContext } from './applied-object.ts';
import { pulledImage } from './pulled-image.ts';

/** How long an ended pod goes on serving, in seconds: so long its address may be handed out still (trap T11). */
const HAND_OVER = 5;
/** Between the last request's time and the kill: what the replica takes to close, and a little. */
const CLOSING = 5;

const METRICS_PORT_NAME = 'metrics';
/** The one place where the host writes: what it has counted, across a restart of the container. */
const COUNTERS = 'counters';

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
      progressDeadlineSeconds: progressDeadline(spec.strategy),
      selector: { matchLabels: labels },
      template: { metadata: { labels, ...scrapedAt(context) }, spec: podSpec(context, release) },
    },
  });
}

/** The controller's word for "never": what waits for a person has not failed when its deadline is over. */
const NO_DEADLINE = 2_147_483_647;

function progressDeadline({ deadline, onDeadline }: EnvironmentSpec['strategy']): number {
  return onDeadline === 'hold' ? NO_DEADLINE : Math.max(1, Math.ceil(deadline / 1000));
}

/** What a Prometheus that looks for pods by the usual annotations needs to find the counters. */
function scrapedAt(context: ObjectsContext): { readonly [field: string]: Json } {
  if (kubernetesOf(context).runtimeClass !== null) return {};
  const annotations = { scrape: 'true', port: String(METRICS_PORT), path: '/metrics' };
  const named = Object.entries(annotations).map(([name, value]) => [`prometheus.io/${name}`, value] as const);
  return { annotations: Object.fromEntries(named) };
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
    ...(runtimeClass === null ? { volumes: [{ name: COUNTERS, emptyDir: { sizeLimit: '16Mi' } }] } : {}),
  };
}

function container(context: ObjectsContext, release: Release): Json {
  const { key, spec } = context;
  const kubernetes = kubernetesOf(context);
  const ours = kubernetes.runtimeClass === null ? hostFields(spec) : WASM_FIELDS;
  return {
    name: CONTAINER,
    ...pulledImage(kubernetes, release),
    imagePullPolicy: 'IfNotPresent',
    ...ours,
    envFrom: [{ configMapRef: { name: releaseName(key, release) } }],
    env: [
      ...ours.env,
      ...Object.entries(release.content.secrets).map(([name, version]) => ({
        name,
        valueFrom: { secretKeyRef: { name: secretName(key, name, version), key: SECRET_KEY } },
      })),
    ],
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

type ContainerFields = Readonly<Record<string, Json>> & { readonly env: readonly Json[] };

const HTTP_PORT = { name: 'http', containerPort: IMAGE_PORT, protocol: 'TCP' };

/** A Wasm runtime serves the component by itself and says nothing of it: that it listens is all that can be asked. */
const WASM_FIELDS: ContainerFields = {
  ports: [HTTP_PORT],
  env: [],
  readinessProbe: { tcpSocket: { port: 'http' }, periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 3 },
};

/**
 * Our own host in the Linux image. It has no liveness probe: its watchdog ends it when a request hangs, and a second one
 * from outside could only kill those that have much to do.
 */
function hostFields({ limits, strategy, gates }: EnvironmentSpec): ContainerFields {
  const variable = (name: string, value: string | number): Json => ({ name, value: String(value) });
  const objectives = latencyObjectives(strategy, gates).toSorted((a, b) => a - b);
  return {
    ports: [HTTP_PORT, { name: METRICS_PORT_NAME, containerPort: METRICS_PORT, protocol: 'TCP' }],
    env: [
      variable(MEMORY_VARIABLE, limits.memory),
      variable(REQUEST_DEADLINE_VARIABLE, limits.request),
      ...(objectives.length === 0 ? [] : [variable(LATENCY_EDGES_VARIABLE, objectives.join(','))]),
    ],
    readinessProbe: {
      httpGet: { path: '/ready', port: METRICS_PORT_NAME },
      periodSeconds: 1,
      timeoutSeconds: 1,
      // It answers between two requests, so one that is allowed to take its time must not look like an end.
      failureThreshold: Math.ceil(limits.request / 1000) + 2,
    },
    volumeMounts: [{ name: COUNTERS, mountPath: KEPT_COUNTERS_FOLDER }],
  };
}

function resources({ resources: { cpu, memory } }: KubernetesSpec): Json {
  const named = { ...(cpu === null ? {} : { cpu }), ...(memory === null ? {} : { memory }) };
  return Object.keys(named).length === 0 ? {} : { requests: named, limits: named };
}
