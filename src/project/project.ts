/** A project as the rest of Slipway reads it: `slipway.yaml`, resolved, every default filled in. Plain JSON. */

import type { EnvironmentSpec, KubernetesSpec, PrometheusSpec } from '../delivery/index.ts';
import type { SecretReference } from '../kernel/secret.ts';

export interface Project {
  /** A DNS label. */
  readonly service: string;
  readonly build: Build;
  readonly checks: Checks;
  readonly tests: Tests;
  readonly image: Image;
  readonly branches: BranchPreset | null;
  /** In the order in which one revision reaches them; the implicit `local` last. */
  readonly environments: readonly ProjectEnvironment[];
  readonly notify: readonly Notification[];
  readonly ci: ContinuousIntegration;
}

/** What the files that `slipway ci generate` writes must know of the runners. */
export interface ContinuousIntegration {
  /** Command lines that bring `slipway` and the toolchain; `null`: those of this version. */
  readonly install: readonly string[] | null;
  /** `deployOn`, here and below: the runners of deployments and rollbacks; `null`: those of the other jobs. */
  readonly github: { readonly runsOn: string; readonly deployOn: string | null };
  readonly gitlab: {
    readonly image: string | null;
    readonly tags: readonly string[];
    readonly deployOn: readonly string[] | null;
  };
  readonly jenkins: { readonly agent: string | null; readonly deployOn: string | null };
}

export type Toolchain = 'rust' | 'go' | 'c' | 'assemblyscript';
export type Target = 'wasm32-wasip1' | 'wasm32-wasip2';
export type ImagePlatform = 'linux/amd64' | 'linux/arm64' | 'wasi/wasm';
export type BranchPreset = 'gitflow' | 'trunk';

export interface Build {
  readonly toolchain: Toolchain;
  readonly target: Target;
  /** Level of wasm-opt; `none` leaves the module as built. */
  readonly optimise: 'Oz' | 'Os' | 'O4' | 'O3' | 'O2' | 'O1' | 'O0' | 'none';
  /** Bytes that the shipped module must not exceed. */
  readonly maxSize: number | null;
}

export interface Checks {
  readonly format: boolean;
  readonly lint: boolean;
  /** Least share of covered lines. */
  readonly coverage: number | null;
  readonly audit: Audit | null;
  readonly capabilities: { readonly lock: string } | null;
}

type Severity = 'critical' | 'high' | 'medium' | 'low' | 'none';

export interface Audit {
  readonly failOn: Severity;
  readonly unscored: Severity;
  readonly ignore: readonly { readonly id: string; readonly until: string; readonly because: string }[];
}

export interface Tests {
  readonly unit: boolean;
  readonly integration: boolean;
  readonly bench: boolean;
  readonly e2e: { readonly kind: 'postman' | 'run'; readonly what: string } | null;
}

export interface Image {
  /** Where it is pushed; `null`: the layout of the home only. */
  readonly repository: string | null;
  readonly platforms: readonly ImagePlatform[];
  readonly sign: { readonly kind: 'key'; readonly key: SecretReference } | { readonly kind: 'keyless' } | null;
}

export interface ProjectEnvironment {
  /** A DNS label. */
  readonly name: string;
  /** Not written: every project has `local`. */
  readonly implicit: boolean;
  /** Which refs are deployed here. */
  readonly from: readonly BranchRule[];
  /** Environments where the image must be healthy first. */
  readonly needs: readonly string[];
  readonly config: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, SecretReference>>;
  readonly platform: PlatformSettings;
  /** Milliseconds that a preview lives. */
  readonly ttl: number | null;
  /** Where the judge reads its counts on Kubernetes: an address or a reference. */
  readonly metrics: { readonly prometheus: PrometheusSpec } | null;
  readonly spec: EnvironmentSpec;
}

export interface BranchRule {
  /** `*` stands for any text, slashes too. */
  readonly pattern: string;
  readonly ref: 'branch' | 'tag' | 'any';
  /** What gave this rule. */
  readonly source: 'from' | BranchPreset | 'implicit';
  /** A person must approve on this way, whatever the environment says. */
  readonly approval: boolean;
}

export type PlatformSettings =
  | { readonly kind: 'embedded'; readonly engine: 'node' | 'wasmtime' }
  | ({
      readonly kind: 'kubernetes';
      /** Of the kubeconfig; `null`: the current one. */
      readonly context: string | null;
    } & Omit<KubernetesSpec, 'repository' | 'prometheus'>);

export interface Notification {
  readonly kind: 'slack' | 'webhook' | 'email';
  readonly channel: SecretReference | { readonly to: readonly string[]; readonly smtp: SecretReference };
  readonly when: readonly string[];
}
