/**
 * The embedded platform: releases of WebAssembly services on this machine, behind an exact traffic split. Router and
 * replicas are processes of their own that outlive whoever drives them. It decides nothing: the rollout engine does.
 */

export type { EmbeddedFaultCode } from './embedded-fault.ts';
export { createEmbeddedPlatform, type EmbeddedPlatform, type EmbeddedPlatformOptions } from './embedded-platform.ts';
export type { RequestRecord } from './router/request-log.ts';
export { openSecretStore, type SecretStore, type SecretStoreOptions } from './secret-store.ts';
export { type LogLine, type LogQuery, readServiceLogs } from './service-logs.ts';
export { openSqliteRolloutStore } from './sqlite-rollout-store.ts';
