/**
 * Project: the two files a user writes (`slipway.yaml` and rehearsals), explained at line and column, and what git
 * says of the revision. It reads and resolves; it builds, deploys and prints nothing. Loading this folder loads neither
 * zod nor yaml: the functions that need them do, when they are called. So nothing that only they use is exported here:
 * a bundle would put it beside them, and load both with this.
 */

export { type Deployment, deploymentsFor, whyNowhere } from './branch-rules.ts';
export { describeConfig, type DescribedConfig } from './describe-config.ts';
export { globsOverlap, matchesGlob } from './glob.ts';
export type { Origin, Setting } from './settings.ts';
export { hostIn } from './host-ref.ts';
export { imageTags } from './image-tags.ts';
export { smallestProjectFile } from './init-file.ts';
export { projectJsonSchema } from './json-schema.ts';
export {
  type LoadedProject,
  type LoadProjectOptions,
  loadProject,
  parseRehearsal,
  PROJECT_FILE,
} from './load-project.ts';
export type { ParsedRehearsal } from './parse-rehearsal-file.ts';
export { formatProblems, type Problem, type ProblemCode } from './problem.ts';
export type {
  Audit,
  BranchPreset,
  BranchRule,
  Build,
  Checks,
  ContinuousIntegration,
  Image,
  ImagePlatform,
  Notification,
  PlatformSettings,
  Project,
  ProjectEnvironment,
  Target,
  Tests,
  Toolchain,
} from './project.ts';
export type { ProjectFaultCode } from './project-fault.ts';
export { readRevision, type Revision, type RevisionOptions } from './revision.ts';
