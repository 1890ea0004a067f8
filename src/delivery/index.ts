/**
 * Delivery: releases, strategies, the judge, the rollout engine and rehearsals. Pure decisions: `controller.ts` is the
 * one file that touches the world, through the ports `Platform`, `RolloutStore` and `Journal`. It knows no platform.
 */

export { type Release, type ReleaseContent, releaseDigest } from './release.ts';
export type {
  Affinity,
  ApprovalPlan,
  BlueGreenPlan,
  CanaryPlan,
  Count,
  EndToEndPlan,
  EnvironmentSpec,
  GatesPlan,
  JudgeSettings,
  KubernetesSpec,
  Limits,
  LoadPlan,
  PrometheusSpec,
  RollingPlan,
  SmokeProbe,
  Step,
  Strategy,
} from './environment-spec.ts';
export {
  type CounterRow,
  type Latency,
  LATENCY_EDGES,
  latencyEdges,
  noLatency,
  type Observation,
  type ReleaseStatus,
  type RequestSource,
  type UnitTally,
} from './observation.ts';
export type { Gate, GateName, GateOrder, GateRun, GateStatus, GateTarget, GateVerdict } from './gate.ts';
export { type GatedPlatform, gatedPlatform, type GatedPlatformOptions } from './gated-platform.ts';
export type { Effect, GatesEffect, RouteEffect, ScaleEffect } from './effect.ts';
export type { EnvironmentContext, Platform } from './platform.ts';
/** What an `EngineRecord` carries for the journal. */
export type { EntryDraft } from '../journal/index.ts';
export type { ClusterTarget } from './cluster-target.ts';
export { createSoleDriver, type Drivers, type Tenure, type Told } from './drivers.ts';
export type { RolloutStore } from './rollout-store.ts';
export type {
  Approval,
  EngineRecord,
  EnvironmentState,
  Intent,
  KeptRelease,
  Outcome,
  PauseReason,
  Phase,
  Rollout,
} from './engine-state.ts';
export type {
  Expectation,
  Range,
  Rehearsal,
  RehearsalAction,
  RehearsalEvent,
  ReleaseChange,
  SimulatedRelease,
} from './rehearsal/rehearsal.ts';
export type { Command } from './command.ts';
export type { CommandResult, RefusalCode } from './command-result.ts';
export { DEFAULT_JUDGE } from './default-judge.ts';
export { type CommandAnswer, type Controller, type ControllerOptions, createController } from './controller.ts';
export { boundedPlatform, type Bounds } from './bounded-platform.ts';
export type { Decision } from './decide.ts';
export type {
  DeliveryEntryKind,
  EnvironmentChanged,
  RolloutEnded,
  RolloutLooked,
  RolloutStarted,
  Wait,
} from './entries.ts';
export { createMemoryRolloutStore, staleVersion } from './memory-rollout-store.ts';
export { phaseOf } from './turn.ts';
export {
  type Counted,
  createEnvironmentFold,
  type EnvironmentFold,
  type EnvironmentView,
  foldEnvironments,
  type Moment,
  openTrouble,
  readEnvironments,
  type RolloutView,
  type Trouble,
} from './fold.ts';
export {
  type Distribution,
  rehearseSeeds,
  type RehearsalResult,
  runRehearsal,
  type SeedsResult,
  type TimelineRow,
} from './rehearsal/index.ts';
export { createSplit, type Split } from './split.ts';
export { stickyBucket, stickySplit } from './sticky.ts';
export { latencyObjectives } from './latency-objectives.ts';
export { type Crossing, crossingsOf, readRecords, type RolloutRecord } from './receipts/index.ts';
export {
  type BacktestRow,
  type CounterSeries,
  type Decided,
  type Recording,
  type RecordedLook,
  recordingOf,
  runBacktest,
} from './backtest/index.ts';
export type { ExpectedDecision } from './judge/index.ts';
export { forecast, type Forecast } from './forecast.ts';
export { seenTraffic, type SeenTraffic } from './seen-traffic.ts';
