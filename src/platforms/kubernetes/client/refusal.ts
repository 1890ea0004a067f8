/** From the API server's refusal to a Fault: what was asked, why not in the server's own words, and what to do. */

import type { Fault } from '../../../kernel/fault.ts';
import { type KubernetesFaultCode, kubernetesFault } from '../kubernetes-fault.ts';
import { isMisspelt, type Status } from './status.ts';

/** What was asked of the server, for messages. */
export interface Asked {
  /** `apply`, `read`, … */
  readonly verb: string;
  /** `Deployment greeter-production-7-0a1b2c3d`, or `Deployments` for a list. */
  readonly what: string;
  readonly namespace: string;
  readonly context: string;
  readonly user: string;
  /** When the token that we showed has expired, as far as it tells; else `null`. */
  readonly expired: string | null;
}

interface Refusal {
  readonly code: KubernetesFaultCode;
  readonly kind?: 'refused' | 'unreachable';
  readonly message: string;
  readonly hint: string;
  readonly retryable?: boolean;
}

/** What a refusal can be, by what tells it apart. The first that fits. */
const RULES: readonly ((status: Status, asked: Asked) => Refusal | null)[] = [
  unauthorized,
  terminating,
  quota,
  policy,
  forbidden,
  noNamespace,
  missingKind,
  gone,
  foreign,
  changed,
  immutable,
  overloaded,
  invalid,
];

export function faultOf(status: Status, asked: Asked): Fault<KubernetesFaultCode> {
  for (const rule of RULES) {
    const refusal = rule(status, asked);
    if (refusal !== null) return kubernetesFault({ kind: 'refused', ...refusal });
  }
  return kubernetesFault({
    code: 'kubernetes/unreachable',
    kind: 'unreachable',
    message: `${sentence(asked)}: the API server answered ${status.code}: ${said(status)}`,
    hint: 'It is asked again; see the logs of the API server if it stays so.',
    retryable: true,
  });
}

function unauthorized({ code, message }: Status, { user, context, expired }: Asked): Refusal | null {
  if (code !== 401) return null;
  const why = expired === null ? `it says ${JSON.stringify(message)}` : `its token has expired on ${expired}`;
  return {
    code: 'kubernetes/unauthorized',
    message: `The cluster of the context ${context} does not know who we are: it refuses the credentials of the user ${user}, ${why}.`,
    hint: 'Log in to the cluster again, so that the kubeconfig has new credentials, or name another context.',
  };
}

function terminating(status: Status, asked: Asked): Refusal | null {
  const caused = status.causes.some(({ reason }) => reason === 'NamespaceTerminating');
  if (!caused && !status.message.includes('because it is being terminated')) return null;
  return {
    code: 'kubernetes/namespace-terminating',
    message: `${sentence(asked)}: the namespace ${asked.namespace} is being deleted: ${said(status)}`,
    hint: 'Wait until it is gone and make it anew (kubectl create namespace), or deploy into another one.',
  };
}

function quota(status: Status, asked: Asked): Refusal | null {
  if (!/exceeded quota|failed quota/.test(status.message)) return null;
  return {
    code: 'kubernetes/quota',
    message: `${sentence(asked)}: a quota of the namespace does not allow it: ${said(status)}`,
    hint: 'Ask for less (resources, replicas), end what is not needed, or have the ResourceQuota raised.',
  };
}

const POLICY =
  /ValidatingAdmissionPolicy|MutatingAdmissionPolicy|admission webhook|violates PodSecurity|denied the request|denied request/;

function policy(status: Status, asked: Asked): Refusal | null {
  // A 403 that is not about what we may do comes from an admission plugin, such as a LimitRange.
  const plugin = status.code === 403 && status.reason === 'Forbidden' && !ofRights(status);
  if (!plugin && !(status.code < 500 && POLICY.test(status.message))) return null;
  return {
    code: 'kubernetes/refused-by-policy',
    message: `${sentence(asked)}: a policy of the cluster does not allow it: ${said(status)}`,
    hint: 'Change the release so that it obeys the policy, or talk to those who keep the cluster.',
  };
}

/** What the authorizers say: `User "dev" cannot patch resource "deployments" in API group "apps" …`. */
function ofRights({ message }: Status): boolean {
  return /\bcannot [a-z*]+ (resource|path)\b|not allowed to/.test(message);
}

function forbidden(status: Status, asked: Asked): Refusal | null {
  if (status.code !== 403) return null;
  return {
    code: 'kubernetes/forbidden',
    message: `${sentence(asked)}: the user ${asked.user} of the context ${asked.context} has no right to: ${said(status)}`,
    hint: 'Give it the Role that "slipway rbac" prints, in this namespace, by a RoleBinding.',
  };
}

function noNamespace(status: Status, { namespace, context }: Asked): Refusal | null {
  if (status.code !== 404 || status.kind !== 'namespaces') return null;
  return {
    code: 'kubernetes/no-namespace',
    message: `There is no namespace ${namespace} in the cluster of the context ${context}.`,
    hint: `Make it with "kubectl create namespace ${namespace}", or name another one in slipway.yaml.`,
  };
}

function missingKind(status: Status, asked: Asked): Refusal | null {
  if (status.code !== 404 || status.name !== '') return null;
  return {
    code: 'kubernetes/missing-kind',
    message: `${sentence(asked)}: the cluster of the context ${asked.context} does not know this kind of object (${said(status)})`,
    hint: 'Install what defines it (the Gateway API or Istio), or take "traffic: service" in slipway.yaml.',
  };
}

function gone(status: Status, asked: Asked): Refusal | null {
  if (status.code !== 404) return null;
  return {
    code: 'kubernetes/changed',
    message: `${sentence(asked)}: it is not there any more: ${said(status)}`,
    hint: 'It is looked at anew and tried again.',
    retryable: true,
  };
}

/** The fields that each other manager holds. */
function foreign(status: Status, asked: Asked): Refusal | null {
  const conflicts = status.causes.filter(({ reason }) => reason === 'FieldManagerConflict');
  if (status.code !== 409 || conflicts.length === 0) return null;
  const managers = new Map<string, string[]>();
  for (const { message, field } of conflicts) {
    const manager = /conflict with "([^"]+)"/.exec(message)?.[1] ?? message;
    managers.set(manager, [...(managers.get(manager) ?? []), field]);
  }
  const held = [...managers].map(([manager, fields]) => `${JSON.stringify(manager)} holds ${fields.join(', ')}`);
  const [first = 'the other tool'] = managers.keys();
  return {
    code: 'kubernetes/conflict',
    message: `${sentence(asked)}: another tool claims what Slipway has to set: ${held.join('; ')}.`,
    hint: `Let ${first} leave these fields alone; nothing is taken from it by force. "kubectl get --show-managed-fields" shows who set what.`,
  };
}

function changed(status: Status, asked: Asked): Refusal | null {
  if (status.code !== 409) return null;
  const there = status.reason === 'AlreadyExists';
  return {
    code: 'kubernetes/changed',
    message: there
      ? `${sentence(asked)}: there is one of that name already.`
      : `${sentence(asked)}: somebody has changed it in between (${said(status)})`,
    hint: 'It is looked at anew and tried again.',
    retryable: true,
  };
}

function immutable(status: Status, asked: Asked): Refusal | null {
  if (status.code !== 422 || !/immutable|may not be changed|updates to .* are forbidden/i.test(status.message))
    return null;
  return {
    code: 'kubernetes/immutable',
    message: `${sentence(asked)}: what is there can't be changed into it: ${said(status)}`,
    hint: `Somebody else made ${asked.what}, or it was made by another version. Delete it, and deploy again.`,
  };
}

function overloaded(status: Status, asked: Asked): Refusal | null {
  if (status.code !== 429) return null;
  return {
    code: 'kubernetes/overloaded',
    kind: 'unreachable',
    message: `${sentence(asked)}: the API server has too much to do: ${said(status)}`,
    hint: 'It is asked again, later.',
    retryable: true,
  };
}

function invalid(status: Status, asked: Asked): Refusal | null {
  if (status.code >= 500 && !isMisspelt(status)) return null;
  return {
    code: 'kubernetes/invalid',
    message: `${sentence(asked)}: the API server does not take it: ${said(status)}`,
    hint: 'Where the value is yours, correct it in slipway.yaml; else this cluster is too old, or it is a bug in Slipway.',
  };
}

function sentence({ verb, what, namespace }: Asked): string {
  return `Can't ${verb} ${what} in the namespace ${namespace}`;
}

/** The server's own words, as the end of a sentence. */
function said({ message, reason, code }: Status): string {
  const words = message.trim() === '' ? `${reason === '' ? 'no reason given' : reason} (${code})` : message.trim();
  return /[.!?]$/.test(words) ? words : `${words}.`;
}
