/**
 * Gates: smoke, load and end-to-end tests against one release. Each is one run with one result; when they are run, and
 * what follows from a result, is the rollout engine's.
 */

export { createGates, type GatesOptions } from './gates.ts';
