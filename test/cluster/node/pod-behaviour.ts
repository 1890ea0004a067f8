/**
 * How a pod of the played node behaves, and where that is said: in an annotation of the pod, living or in a template, or in
 * a ConfigMap of its namespace, which needs nothing in what is deployed and can be there before the pods are.
 */

import type { ApiObject } from '../admin-client.ts';

export interface PodBehaviour {
  /** Milliseconds from its first moment on the node until it is ready; `never`: it runs, and its readiness probe fails. */
  readonly startsIn: number | 'never';
  /** It can't be started, and the node says why: `{ reason: 'ImagePullBackOff', message: '…' }`. */
  readonly waits: { readonly reason: string; readonly message: string } | null;
  /** It ends after it has run for a while, is started again some time later, and so on. */
  readonly crashes: Crashes | null;
  /** How long it takes to end when it is asked to, in milliseconds; at most the grace that it is given. */
  readonly stopsIn: number;
  /** The lines that its container has said. */
  readonly logs: readonly string[];
}

export interface Crashes {
  readonly after: number;
  readonly again: number;
  readonly code: number;
  /** What stands in the last termination message. */
  readonly lastWords: string;
}

/** For pods with these labels whose image contains this text; what is not said is as it is by default. */
export interface PodRule extends Partial<PodBehaviour> {
  readonly image?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** At most so many pods that this rule is for are ready, the oldest of them. */
  readonly maxReady?: number | null;
}

/** JSON of `Partial<PodBehaviour>`. */
export const BEHAVIOUR_ANNOTATION = 'slipway-test/behaviour';
/** A ConfigMap with this label holds `rules`: JSON of `PodRule[]`, of which the first that fits counts. */
export const RULES_LABEL = 'slipway-test/pod-rules';

export function ruleFor(pod: ApiObject, rules: readonly PodRule[]): PodRule | null {
  const { containers } = pod['spec'] as { containers: readonly { image: string }[] };
  const fits = ({ image = '', labels = {} }: PodRule): boolean =>
    containers.some((container) => container.image.includes(image)) &&
    Object.entries(labels).every(([name, value]) => pod.metadata.labels?.[name] === value);
  return rules.find(fits) ?? null;
}

/** An annotation wins over the rule, word by word. An annotation that can't be read is none. */
export function behaviourOf(pod: ApiObject, rule: PodRule | null, byDefault: PodBehaviour): PodBehaviour {
  const said = parsed(pod.metadata.annotations?.[BEHAVIOUR_ANNOTATION]) ?? {};
  return { ...byDefault, ...rule, ...said };
}

export function rulesIn(map: ApiObject): readonly PodRule[] {
  return (parsed((map['data'] as { rules?: string } | undefined)?.rules) as PodRule[] | null) ?? [];
}

function parsed(text: string | undefined): object | null {
  try {
    return text === undefined ? null : (JSON.parse(text) as object);
  } catch {
    return null;
  }
}
