/** Which rehearsal files can be played on the real stage, and how much faster than they are written. */

import type { Rehearsal } from '../../src/delivery/index.ts';

/** How long one of them may take in real time, and how much shorter than written it may be. */
const LONGEST = 30_000;
const MOST_FACTOR = 3;

/** Why this one is not played on the real stage; `null` when it is. */
export function leftOut(file: string, rehearsal: Rehearsal): string | null {
  if (TOO_TIGHT.has(file)) return 'its instants are too close together';
  const { spec, releases, events, users, platforms, routing, start } = rehearsal;
  const { strategy, gates } = spec;
  const strategies = [
    strategy,
    ...events.flatMap(({ action }) => (action.kind === 'strategy' ? [action.strategy] : [])),
  ];
  const canaries = strategies.flatMap((one) => (one.kind === 'canary' ? [one] : []));
  const worlds = ['metrics', 'router', 'crash', 'traffic', 'secrets'];
  if (routing !== 'exact' || platforms.length > 0) return 'the router is exact, the machine one';
  if (events.some(({ action }) => worlds.includes(action.kind)))
    return 'what happens is an accident of a simulated world';
  const scaled = events.some(({ action }) => action.kind === 'scale');
  if (scaled && canaries.some(({ supersede }) => supersede === 'queue')) {
    return 'the agent takes a new size with a deployment, and that empties the queue';
  }
  if (canaries.some(({ steps }) => steps === null)) return 'the built-in plan has times that are not scaled';
  if (start === null && canaries.length > 0) return 'a first deployment is watched for a time that is not scaled';
  if (canaries.some(({ match, steps }) => match !== null || steps?.some(({ kind }) => kind === 'mirror'))) {
    return 'matches and mirrors have tests of their own on the real router';
  }
  if (spec.affinity.kind !== 'none' || users.match > 0)
    return 'sticky users have tests of their own on the real router';
  if (
    gates.e2e ||
    gates.load !== null ||
    strategies.some((one) => one.kind === 'blueGreen' && one.before.load !== null)
  ) {
    return 'load and end-to-end gates take their real time, and have tests of their own';
  }
  const unlike = Object.values(releases).some(
    ({ maxReady, loadable, secrets, timeouts, gates: ends }) =>
      maxReady !== null || !loadable || secrets === 'gone' || timeouts > 0 || ends.smoke === 'error',
  );
  const changes = events.flatMap(({ action }) => (action.kind === 'set' ? Object.keys(action.change) : []));
  if (unlike || changes.some((change) => !CHANGES.has(change))) return 'a release behaves as no stub does';
  const judged = [
    ...canaries.map(({ judge }) => judge),
    ...strategies.flatMap((one) => (one.kind === 'blueGreen' ? [one.after.judge, one.before.judge] : [])),
  ];
  if (judged.some((judge) => typeof judge?.slo.p99 === 'number')) return 'latencies are not drawn as they are written';
  if (rehearsal.until > LONGEST * 4) return 'it is too long';
  return null;
}

/** What a stub can be told to do otherwise while it runs. */
const CHANGES = new Set(['errors', 'traps', 'startsIn', 'gates']);

/** Their instants are closer together than processes can be started, or than counts come in, on a busy machine. */
const TOO_TIGHT = new Set([
  'b05-judge-after-fails.yaml',
  'b05-judge-after-passes.yaml',
  'c01-abort-then-retry.yaml',
  'c23-release-and-replicas-at-once-rolling.yaml',
  'f06-weights-in-order.yaml',
  'gates-abort-while-one-runs.yaml',
  'gates-are-never-skipped.yaml',
  'n03-judge-step-passes.yaml',
  'n03-judge-steps-one-fails.yaml',
  'rollback-after-promotion.yaml',
  'rolling-abort.yaml',
  'rolling-crash-loop.yaml',
  'rolling-good.yaml',
  'rolling-rollback-after-promotion.yaml',
  'rolling-shares.yaml',
  'rolling-superseded.yaml',
  'rolling-unavailable-only.yaml',
  'scale-at-the-last-pause.yaml',
  'supersede-queue.yaml',
  'supersede-queue-dropped-by-rollback.yaml',
  'supersede-reject.yaml',
  't04-weight-accuracy.yaml',
  't18-timer-after-a-failed-gate.yaml',
  'x04-constant-load.yaml',
]);

/** What is decided by counts takes the time that counting takes: those are played as written. */
export function factorOf({ releases, until }: Rehearsal): number {
  const judged = Object.values(releases).some(({ errors, traps }) => errors + traps >= 0.01);
  return judged ? Math.max(1, until / 60_000) : Math.max(1, Math.min(MOST_FACTOR, until / LONGEST));
}
