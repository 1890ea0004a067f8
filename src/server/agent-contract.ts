/** What goes over the agent's socket, both ways. */

import type { Digest } from '../kernel/digest.ts';
import type { ClusterTarget, Command, EnvironmentSpec, Release } from '../delivery/index.ts';

export interface DeployRequest {
  readonly service: string;
  readonly environment: string;
  /** The OCI index; it must be in the home's images. */
  readonly image: Digest;
  readonly config: Readonly<Record<string, string>>;
  /** Name → id of the secret's version; its value is where its replicas read it already and never goes over the socket. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Environments of the same service in which this image must be stable and well. */
  readonly needs: readonly string[];
  readonly revision: Release['revision'];
  /** What the pods of a cluster pull where a Wasm runtime runs them. */
  readonly artifact?: Digest;
  readonly spec: EnvironmentSpec;
  /** Where it goes; `null`: to this machine. */
  readonly cluster: ClusterTarget | null;
}

/** A command that needs nothing but itself. */
export type Verb = Exclude<Command, { readonly kind: 'deploy' | 'scale' | 'strategy' }>;

/** What came of making an environment known to the agent. */
export interface Known {
  /** Whether something was ever deployed there, and not removed. */
  readonly exists: boolean;
}

export interface AgentInfo {
  readonly pid: number;
  readonly version: string;
  readonly home: string;
}

export interface RouterInfo {
  /** Where requests go: `http://127.0.0.1:7878`. */
  readonly url: string;
  readonly pid: number;
}
