/**
 * The pipeline engine: a graph of tasks is planned, what is known already is taken from a content-addressed cache, the
 * rest runs in parallel. It knows no language, no image and no environment: what tasks do is declared by stages/.
 */

export { STAGES } from './task.ts';
export type {
  FileSelection,
  Fingerprint,
  FingerprintSpec,
  StageName,
  TaskContext,
  TaskDefinition,
  TaskOutcome,
  ToolIdentity,
} from './task.ts';
export { planPipeline, type Plan, type Selection } from './plan.ts';
export { describePlan, type DescribePlanOptions, type PlannedState, type PlannedTask } from './describe-plan.ts';
export { runPipeline, type PipelineRun, type RunPipelineOptions } from './run-pipeline.ts';
export type { PipelineEvent, RunOutcome, TaskResult } from './events.ts';
export type { Finding, FindingPlace } from './finding.ts';
export { readTestSuites, type TestSuite } from './test-suites.ts';
export { describeReasons, type Reason } from './reason.ts';
export { entriesOf, type PipelineEntryKind } from './entries.ts';
export { type Cache, createCache } from './cache.ts';
export type { KeptResult } from './cache-records.ts';
export { giveHandover, type HandoverPlace, takeHandover } from './handover.ts';
export type { Pruned } from './prune.ts';
export type { PipelineFaultCode } from './pipeline-fault.ts';
