/** `platform: { kubernetes: … }` and `metrics:` as they are written. */

import * as z from 'zod';
import { DEFAULTS } from './defaults.ts';
import { closedMap, complain, DNS_LABEL_RULE, textLike } from './schema-parts.ts';

const { kubernetes, prometheus } = DEFAULTS;

/** RFC 1123 subdomain: what most objects of a cluster may be called. */
const OBJECT_NAME = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
const objectName = (description: string) =>
  textLike(OBJECT_NAME, 'the name of an object: lower-case letters, digits, hyphens and dots', description).max(253);

const namespaceName = (description: string) =>
  textLike(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, DNS_LABEL_RULE, description);

const gatewaySchema = z
  .union([
    objectName(''),
    closedMap({
      name: objectName('Its name.'),
      namespace: namespaceName('Where it is; in the namespace of the releases when absent.').optional(),
    }),
  ])
  .transform((gateway) =>
    typeof gateway === 'string'
      ? { name: gateway, namespace: null }
      : { ...gateway, namespace: gateway.namespace ?? null },
  )
  .describe(
    `Gateway that the route hangs on. With \`gateway-api\` the default is \`${kubernetes.gateway}\`; with \`istio\` none: the mesh alone.`,
  );

const HOST = /^(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

/** apimachinery's resource.Quantity, without signs and exponents, which nobody writes here. */
const QUANTITY = '^[0-9]+(\\.[0-9]+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$';

function clusterQuantity(example: string, description: string) {
  return z
    .unknown()
    .transform((value, context): string => {
      const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
      if (new RegExp(QUANTITY).test(text)) return text;
      const bare = text.replace(/^([0-9.]+ ?[kKMGT]i?)B$/, '$1').replace(' ', '');
      return complain(context, {
        code: 'config/wrong-unit',
        message: `${JSON.stringify(value)} is not a quantity of Kubernetes such as ${example}`,
        hint: new RegExp(QUANTITY).test(bare) ? `Did you mean \`${bare}\`?` : `Write it like \`${example}\`.`,
      });
    })
    .meta({ type: ['string', 'number'], pattern: QUANTITY, description });
}

export const kubernetesSchema = closedMap({
  context: z.string().min(1).optional().describe('Context of the kubeconfig; the current one when absent.'),
  namespace: namespaceName('Namespace of the releases; it must be there.').prefault(kubernetes.namespace),
  traffic: z
    .enum(['gateway-api', 'istio', 'service'])
    .prefault(kubernetes.traffic)
    .describe('What splits the requests. `service`: a release gets the share of its ready pods.'),
  gateway: gatewaySchema.optional(),
  hosts: z
    .array(textLike(HOST, 'a host name such as shop.example.com or *.example.com', ''))
    .max(16)
    .prefault([])
    .describe('Host names of the route; any when empty.'),
  runtimeClass: objectName(
    'Runtime class of the pods: a Wasm runtime that serves the component by itself. The Linux image when absent.',
  ).optional(),
  pullSecret: objectName(
    'Secret with the credentials of the registry, of type `kubernetes.io/dockerconfigjson`.',
  ).optional(),
  resources: closedMap({
    cpu: clusterQuantity('500m', 'Of one pod, asked for and at most.').optional(),
    memory: clusterQuantity('128Mi', 'Of one pod, asked for and at most.').optional(),
  })
    .prefault({})
    .describe('What one pod asks for and may use; nothing is said when absent.'),
});

/** As the project holds it. */
export function kubernetesSettings(written: z.output<typeof kubernetesSchema>) {
  const { context = null, runtimeClass = null, pullSecret = null, namespace, traffic, hosts, resources } = written;
  const usual = traffic === 'gateway-api' ? { name: kubernetes.gateway, namespace: null } : null;
  const { cpu = null, memory = null } = resources;
  return {
    kind: 'kubernetes',
    context,
    namespace,
    traffic,
    gateway: written.gateway ?? usual,
    hosts,
    runtimeClass,
    pullSecret,
    resources: { cpu, memory },
  } as const;
}

const REFERENCE_OR_URL = /^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+|https?:\/\/[^@\s]+)$/;

const metricName = (description: string) =>
  textLike(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/, 'the name of a series: letters, digits, "_", ":"', description);
const metricLabel = (description: string) =>
  textLike(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'the name of a label: letters, digits, "_"', description);

export const metricsSchema = closedMap({
  prometheus: closedMap({
    url: textLike(REFERENCE_OR_URL, 'an address, `env:NAME` or `file:PATH`', 'Where it answers.'),
    series: closedMap({
      requests: metricName('Counter of requests.').prefault(prometheus.requests),
      latency: metricName('Histogram of the time that they took.').prefault(prometheus.latency),
    })
      .prefault({})
      .describe("Names of the series; those of Slipway's own host unless said."),
    labels: closedMap({
      release: metricLabel('Label with the number of the release.').prefault(prometheus.release),
      pod: metricLabel('Label with the name of the pod.').prefault(prometheus.pod),
    })
      .prefault({})
      .describe('Which release and which pod a series belongs to.'),
  }).describe('A Prometheus.'),
})
  .optional()
  .describe('Kubernetes: where the judge reads its counts. An embedded environment counts by itself.');
