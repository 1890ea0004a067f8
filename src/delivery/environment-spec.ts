/**
 * What a project asks of one environment, every default filled in. `project/` produces it, the engine and the
 * platforms read it. Durations are milliseconds, shares fractions of one, rates per second, sizes bytes.
 */

export interface EnvironmentSpec {
  readonly replicas: number;
  readonly strategy: Strategy;
  readonly affinity: Affinity;
  /** `replicas`: requests are not dealt one by one, each exposed release gets the share of its ready ones. Absent: `exact`. */
  readonly routing?: 'exact' | 'replicas';
  /** How long after a promotion the old release stays at full size and under judgement. */
  readonly guard: number;
  /** How many promoted releases stay warm for a rollback. */
  readonly keep: number;
  readonly limits: Limits;
  /** People who must say yes before a release gets anything; `count` 0 asks nobody. */
  readonly approval: ApprovalPlan;
  /** What must hold: before users see a release where the strategy has a preview, else before it is promoted. */
  readonly gates: GatesPlan;
  /** What the gate `e2e` runs; `null` where there is none. */
  readonly endToEnd: EndToEndPlan | null;
  /** What runs a replica on the embedded platform. */
  readonly engine: 'node' | 'wasmtime';
  /** Set: releases run on a cluster, and this says how. Absent: on the embedded platform. */
  readonly kubernetes?: KubernetesSpec;
}

/** How an environment looks on a cluster. Which cluster that is (kubeconfig, context) is a matter of each machine. */
export interface KubernetesSpec {
  readonly namespace: string;
  /** What splits the requests; `service` goes with `routing: replicas`. */
  readonly traffic: 'gateway-api' | 'istio' | 'service';
  /** The Gateway that the route hangs on; `null` only where `traffic` is `service`, or Istio's mesh alone. */
  readonly gateway: { readonly name: string; readonly namespace: string | null } | null;
  /** Host names of the route; empty: any. */
  readonly hosts: readonly string[];
  /** `null`: pods run the Linux image, which brings its own Wasm runtime. */
  readonly runtimeClass: string | null;
  /** The repository that pods pull the image from, by digest. */
  readonly repository: string;
  /** Name of a Secret of type `kubernetes.io/dockerconfigjson` in the namespace. */
  readonly pullSecret: string | null;
  /** Kubernetes quantities of one pod, requests and limits alike; `null`: none. */
  readonly resources: { readonly cpu: string | null; readonly memory: string | null };
  /** Where the judge reads its counts; `null`: nowhere, and a judge that must decide holds and says so. */
  readonly prometheus: PrometheusSpec | null;
}

/** Raw counters in a Prometheus, told apart by release and pod. */
export interface PrometheusSpec {
  readonly url: string;
  /** Names of the series; those of Slipway's own replica unless the project says otherwise. */
  readonly series: { readonly requests: string; readonly latency: string };
  /** Labels that say which release and which pod a series belongs to. */
  readonly labels: { readonly release: string; readonly pod: string };
}

export interface ApprovalPlan {
  readonly count: number;
  /** Names or groups who may; empty: anybody. */
  readonly by: readonly string[];
  /** How long the request stands, in milliseconds; `null`: until somebody answers. */
  readonly expires: number | null;
}

/** Nothing of it set: no gate. */
export interface GatesPlan {
  readonly smoke: readonly SmokeProbe[];
  readonly load: LoadPlan | null;
  readonly e2e: boolean;
}

/** One request that must be answered with this status. */
export type SmokeProbe = {
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly body: string | null;
  readonly status: number;
};

export type LoadPlan = {
  /** What is asked for, by GET. */
  readonly path: string;
  /** Requests per second. */
  readonly rate: number;
  readonly for: number;
  /** Longest time for 99 % of the requests; `null`: any. */
  readonly p99: number | null;
  /** Share that may fail. */
  readonly errors: number;
};

export type EndToEndPlan = {
  readonly kind: 'postman' | 'run';
  /** Path of the collection, or the command line, seen from `folder`. */
  readonly what: string;
  /** Absolute path of the project's folder. */
  readonly folder: string;
};

/** Bounds on one replica. */
export interface Limits {
  /** Linear memory of the module, in bytes. */
  readonly memory: number;
  /** Longest time for one request, in milliseconds; then it counts as a time-out and the replica is replaced. */
  readonly request: number;
}

export type Affinity = { readonly kind: 'none' } | { readonly kind: 'header' | 'cookie'; readonly name: string };

export type Strategy = RollingPlan | BlueGreenPlan | CanaryPlan;

/** A number of replicas or a share of them. */
export type Count = { readonly count: number } | { readonly share: number };

interface PlanCommon {
  /** Bounds each wait on the world, never a pause or an approval. */
  readonly deadline: number;
  readonly onDeadline: 'abort' | 'hold';
}

export interface RollingPlan extends PlanCommon {
  readonly kind: 'rolling';
  readonly maxSurge: Count;
  readonly maxUnavailable: Count;
}

export interface BlueGreenPlan extends PlanCommon {
  readonly kind: 'blueGreen';
  readonly previewReplicas: number;
  readonly switch: 'auto' | 'manual' | { readonly after: number };
  readonly before: GatesPlan & { readonly judge: JudgeSettings | null };
  readonly after: { readonly judge: JudgeSettings | null };
  readonly keep: number;
}

export interface CanaryPlan extends PlanCommon {
  readonly kind: 'canary';
  /** `null`: no written steps; the built-in plan 5 → 25 → 50 %, a `pass` at 50 %, then 100 %. */
  readonly steps: readonly Step[] | null;
  /** Requests with all these headers always see the candidate. */
  readonly match: { readonly headers: Readonly<Record<string, string>> } | null;
  readonly judge: JudgeSettings;
  /** How long the old stable release stays at full size after a promotion. */
  readonly keep: number;
  readonly supersede: 'restart' | 'queue' | 'reject';
  readonly stableScale: 'full' | 'dynamic';
  readonly keepAborted: number;
  readonly rollbackWindow: number;
}

export type Step =
  | { readonly kind: 'weight'; readonly weight: number }
  | { readonly kind: 'pause'; readonly duration: number | 'manual' }
  | { readonly kind: 'replicas'; readonly replicas: Count | 'weight' }
  | { readonly kind: 'judge'; readonly judge: JudgeSettings }
  | { readonly kind: 'mirror'; readonly share: number };

/** facts/rollouts.md section 9.10. */
export interface JudgeSettings {
  /** ρ₀: a candidate this many times as bad as stable is still fine. */
  readonly tolerate: number;
  /** ρ₁: `pass` proves it no worse than this many times stable. */
  readonly detect: number;
  /** α, in total over the metrics that gate. */
  readonly falseAlarm: number;
  /** β. */
  readonly miss: number;
  readonly within: number;
  readonly inconclusive: 'hold' | 'abort';
  readonly slo: { readonly errors: number; readonly p99: number | null };
  /** Report and never act. */
  readonly dry: boolean;
}
