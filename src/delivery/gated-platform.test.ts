import { setImmediate as breathe } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { contentOf, createWorld, SPEC } from '../../test/rigs/engine-rig.ts';
import { sha256 } from '../kernel/digest.ts';
import {
  type EnvironmentContext,
  type Gate,
  type GatedPlatform,
  gatedPlatform,
  type GateRun,
  type GateTarget,
  type GateVerdict,
} from './index.ts';

const CONTEXT: EnvironmentContext = { key: 'herald/local', spec: SPEC, releases: {} };
const OTHER: EnvironmentContext = { ...CONTEXT, key: 'herald/staging' };

interface Call {
  readonly gate: string;
  readonly target: GateTarget;
  readonly signal: AbortSignal;
  end(verdict: GateVerdict): void;
  throw(error: Error): void;
}

/** A gate whose runs end when a test says so, or when they are stopped. */
function createHeldGate(): Gate & { readonly calls: Call[] } {
  const calls: Call[] = [];
  return {
    calls,
    run: ({ gate }, target, signal) =>
      new Promise((resolve, reject) => {
        calls.push({ gate, target, signal, end: resolve, throw: reject });
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      }),
  };
}

function rig(targetOf = (): GateTarget | null => ({ url: 'http://2.test', endToEnd: null })): {
  readonly platform: GatedPlatform;
  readonly calls: Call[];
  want(runs: readonly GateRun[], context?: EnvironmentContext): Promise<void>;
  gates(context?: EnvironmentContext): Promise<unknown>;
} {
  const gate = createHeldGate();
  const platform = gatedPlatform({ platform: createWorld().platform, gate, targetOf });
  return {
    platform,
    calls: gate.calls,
    want: (runs, context = CONTEXT) => platform.apply(context, { kind: 'gates', runs }),
    gates: async (context = CONTEXT) => (await platform.observe(context)).gates,
  };
}

function smoke(attempt = 1): GateRun {
  return { id: `herald/local/3 smoke ${attempt}`, release: 2, order: { gate: 'smoke', probes: [] } };
}

test('a run that is wanted is started once, however often it is asked for, and its result stays', async () => {
  const { calls, want, gates } = rig();
  await want([smoke()]);
  await want([smoke()]);
  expect(calls.map(({ gate, target }) => [gate, target.url])).toEqual([['smoke', 'http://2.test']]);
  expect(await gates()).toEqual({ 'herald/local/3 smoke 1': { kind: 'running' } });
  calls[0]?.end({ kind: 'failed', summary: 'GET / answered 500' });
  await breathe();
  await want([smoke()]);
  expect(calls).toHaveLength(1);
  expect(await gates()).toEqual({ 'herald/local/3 smoke 1': { kind: 'failed', summary: 'GET / answered 500' } });
});

test('a run that is wanted no more is stopped and forgotten; the next one runs beside what it leaves', async () => {
  const { calls, want, gates } = rig();
  await want([smoke(1)]);
  await want([smoke(2)]);
  expect(calls.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  expect(await gates()).toEqual({ 'herald/local/3 smoke 2': { kind: 'running' } });
  await want([]);
  expect(calls[1]?.signal.aborted).toBe(true);
  expect(await gates()).toEqual({});
});

test('whoever watches is told when a run ends, and not when it is stopped', async () => {
  const { platform, calls, want } = rig();
  let told = 0;
  const end = platform.watch(CONTEXT.key, () => (told += 1));
  platform.watch(OTHER.key, () => (told += 100));
  await want([smoke(1)]);
  calls[0]?.end({ kind: 'passed', summary: 'as expected' });
  await breathe();
  expect(told).toBe(1);
  await want([smoke(2)]);
  await want([]);
  await breathe();
  expect(told).toBe(1);
  end();
  await want([smoke(3)]);
  calls[2]?.end({ kind: 'passed', summary: 'as expected' });
  await breathe();
  expect(told).toBe(1);
});

test('a gate that throws, and a release without an address, are errors', async () => {
  const held = rig();
  await held.want([smoke()]);
  held.calls[0]?.throw(new Error('newman is not installed'));
  await breathe();
  expect(await held.gates()).toEqual({
    'herald/local/3 smoke 1': { kind: 'error', summary: 'newman is not installed' },
  });
  const nowhere = rig(() => null);
  await nowhere.want([smoke()]);
  expect(nowhere.calls).toEqual([]);
  expect(await nowhere.gates()).toEqual({
    'herald/local/3 smoke 1': { kind: 'error', summary: '#2 has no address yet' },
  });
});

test('the runs of one environment are no concern of another, and closing stops them all', async () => {
  const { platform, calls, want, gates } = rig();
  await want([smoke()]);
  await want([{ ...smoke(), id: 'herald/staging/1 smoke 1' }], OTHER);
  await want([], OTHER);
  expect(calls.map(({ signal }) => signal.aborted)).toEqual([false, true]);
  expect(await gates(OTHER)).toEqual({});
  await platform.close();
  expect(calls[0]?.signal.aborted).toBe(true);
  expect(await gates()).toEqual({});
});

test('everything but gates goes to the platform itself', async () => {
  const { platform } = rig();
  await platform.apply(CONTEXT, { kind: 'scale', release: 2, replicas: 3 });
  expect((await platform.observe(CONTEXT)).releases[2]?.ready).toBe(3);
  const release = { number: 2, digest: sha256('#2'), content: contentOf(2), revision: null };
  expect(await platform.check(CONTEXT, release)).toBeNull();
});
